"""Buys something through the client that was generated from the OpenAPI document: its arguments are the server's address
and a token. Every answer must come as the type that the document gives it."""

import sys

from commerce_client import AuthenticatedClient
from commerce_client.api.order import order_list, order_place
from commerce_client.api.product import product_list
from commerce_client.api.sales import sales_top
from commerce_client.api.wallet import wallet_balance
from commerce_client.models import ListOfOrder, ListOfProduct, Order, OrderPlaceBody, Problem

address, token = sys.argv[1:]
with AuthenticatedClient(base_url=address, token=token) as client:
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
        assert ("idempotent-replayed" in answer.headers) == replayed, answer.headers

    orders = order_list.sync(client=client, user="alice")
    assert isinstance(orders, ListOfOrder) and len(orders.items) == 1, orders
    balance = wallet_balance.sync(client=client, user="alice")
    assert balance.balance == 97_600, balance
    sellers = sales_top.sync(client=client)
    assert sellers.items[0].product == "mug", sellers

    wanted["items"][0]["quantity"] = 1_000
    refused = order_place.sync(client=client, body=OrderPlaceBody.from_dict(wanted))
    assert isinstance(refused, Problem) and refused.code == "out_of_stock", refused
print("a generated client bought two mugs, and was refused a thousand")
