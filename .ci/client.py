"""Buys something through the Python client that was generated from the OpenAPI document: its argument is the server's
address, and COMMERCE_TOKEN the secret of an operator's token. Every answer must come as the type that the document gives it."""

import os
import sys

from commerce_client import AuthenticatedClient
from commerce_client.api.order import order_cancel, order_get, order_list, order_place
from commerce_client.api.product import product_list, product_update
from commerce_client.api.sales import sales_top
from commerce_client.api.wallet import wallet_balance, wallet_charge, wallet_history
from commerce_client.models import (
    EntryKind,
    ListOfEntry,
    ListOfOrder,
    ListOfProduct,
    Order,
    OrderCancelBody,
    OrderListStatus,
    OrderPlaceBody,
    Problem,
    ProductUpdateBody,
    Status,
    WalletChargeBody,
)

(address,) = sys.argv[1:]
with AuthenticatedClient(base_url=address, token=os.environ["COMMERCE_TOKEN"]) as client:
    products = product_list.sync(client=client)
    assert isinstance(products, ListOfProduct), products
    assert [product.product for product in products.items] == ["mug", "pen"], products

    wanted = {"user": "alice", "items": [{"product": "mug", "quantity": 2}]}
    for replayed in [False, True]:
        answer = order_place.sync_detailed(
            client=client, body=OrderPlaceBody.from_dict(wanted), idempotency_key="generated-1"
        )
        assert isinstance(answer.parsed, Order), answer
        assert (answer.parsed.total, answer.parsed.order) == (2_400, 1), answer
        assert answer.parsed.status is Status.PAID, answer
        assert ("idempotent-replayed" in answer.headers) == replayed, answer.headers

    balance = wallet_balance.sync(client=client, user="alice")
    assert balance.balance == 97_600, balance
    sellers = sales_top.sync(client=client)
    assert sellers.items[0].product == "mug", sellers

    cancelled = order_cancel.sync(order=1, client=client, body=OrderCancelBody(reason="by a generated client"))
    assert isinstance(cancelled, Order) and cancelled.status is Status.CANCELLED, cancelled
    read = order_get.sync(order=1, client=client)
    assert isinstance(read, Order) and read.status is Status.CANCELLED and read.cancelled_at, read
    orders = order_list.sync(client=client, user="alice", status=OrderListStatus.CANCELLED)
    assert isinstance(orders, ListOfOrder) and [order.order for order in orders.items] == [1], orders

    for amount in [1, 2, 3]:
        wallet_charge.sync(user="alice", client=client, body=WalletChargeBody(amount=amount))
    entries, pages, page = [], 0, wallet_history.sync(user="alice", client=client, limit=2)
    while True:
        assert isinstance(page, ListOfEntry), page
        entries, pages = entries + page.items, pages + 1
        if page.next_cursor is None:
            break
        page = wallet_history.sync(user="alice", client=client, limit=2, cursor=page.next_cursor)
    kinds = [EntryKind.CHARGE] * 3 + [EntryKind.REFUND, EntryKind.PAYMENT, EntryKind.CHARGE]
    assert [entry.kind for entry in entries] == kinds and pages >= 3, (pages, entries)
    assert entries[0].balance == sum(entry.amount for entry in entries), entries

    wanted["items"][0]["quantity"] = 1_000
    refused = order_place.sync(client=client, body=OrderPlaceBody.from_dict(wanted))
    assert isinstance(refused, Problem) and refused.code == "out_of_stock", refused
    late = product_update.sync(product="mug", client=client, body=ProductUpdateBody(price=1), if_match='"0"')
    assert isinstance(late, Problem) and late.code == "precondition_failed", late
print("a generated Python client bought two mugs, cancelled the order and paged the ledger")
