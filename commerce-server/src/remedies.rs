//! What each code of a problem means, and what to do: the section of `/docs` to which the `type` of a problem leads.

/// A code, with its status, its cause and its remedy as sentences.
pub(crate) struct Remedy {
    pub(crate) code: &'static str,
    pub(crate) status: u16,
    pub(crate) cause: &'static str,
    pub(crate) remedy: &'static str,
}

/// All codes by their status.
pub(crate) static REMEDIES: &[Remedy] = &[
    of(
        "invalid_request",
        400,
        "The request is malformed.",
        "Correct what errors lists: each entry has a JSON pointer and a sentence.",
    ),
    of(
        "unauthenticated",
        401,
        "There is no token, or it is malformed, unknown, revoked or expired.",
        "Send a valid token as Authorization: Bearer. An operator makes one with commerce token create.",
    ),
    of(
        "insufficient_balance",
        402,
        "The balance does not cover the total.",
        "Charge the wallet, or order less. The problem has balance and total.",
    ),
    of("forbidden", 403, "The role of the token does not permit this.", "Use a token with another role."),
    of("not_found", 404, "The path does not exist.", "Compare the path with the ones on this page."),
    of(
        "user_not_found",
        404,
        "There is no such user, or it is not the user of a shopper's token.",
        "Check the id. Ids are case-sensitive. POST /v1/users adds a user.",
    ),
    of(
        "product_not_found",
        404,
        "Some products do not exist. The problem lists all of them.",
        "Check the ids. GET /v1/products lists the products there are.",
    ),
    of(
        "order_not_found",
        404,
        "There is no such order, or it belongs to another user than the shopper's.",
        "Check the number. GET /v1/orders lists the orders there are.",
    ),
    of(
        "event_not_found",
        404,
        "Some events do not exist, or were pruned after their delivery.",
        "Leave out the events that the problem lists.",
    ),
    of(
        "token_not_found",
        404,
        "There is no token with this name.",
        "Check the name. GET /v1/tokens lists the tokens there are.",
    ),
    of(
        "method_not_allowed",
        405,
        "The path does not support the method.",
        "Compare the method with the ones on this page.",
    ),
    of(
        "request_timeout",
        408,
        "The body did not arrive in time.",
        "Send it again, with the same Idempotency-Key.",
    ),
    of(
        "user_exists",
        409,
        "The id of a new user is taken.",
        "Choose another id, or use the user there is. Ids are never free again.",
    ),
    of(
        "product_exists",
        409,
        "The id of a new product is taken.",
        "Choose another id, or change the product there is.",
    ),
    of(
        "product_inactive",
        409,
        "Some products are not on sale. The problem lists all of them.",
        "Leave them out, or put them on sale: PATCH /v1/products/{product} with active.",
    ),
    of(
        "limit_exceeded",
        409,
        "A quantity, a total, a balance or a stock would be too large.",
        "Use smaller figures. The problem says which figure, and its limit.",
    ),
    of(
        "out_of_stock",
        409,
        "The stock of some products is less than the units that are requested.",
        "Request what is available. The problem lists every short product.",
    ),
    of(
        "total_changed",
        409,
        "Prices have changed, so the total is not the one that was expected.",
        "Show the new total to the customer, and send it as expected_total.",
    ),
    of("empty_cart", 409, "There is nothing in the cart.", "Add products to the cart first."),
    of(
        "not_in_cart",
        409,
        "Some products are not in the cart. The problem lists all of them.",
        "Read the cart again: GET /v1/users/{user}/cart.",
    ),
    of(
        "order_not_cancellable",
        409,
        "The order is cancelled already, or cannot be undone any more.",
        "Read the order: GET /v1/orders/{order}. The problem has its order_status.",
    ),
    of(
        "event_not_dead",
        409,
        "Some events are still being delivered, or were delivered.",
        "Only dead events need to be retried.",
    ),
    of(
        "token_exists",
        409,
        "The name or the secret of a new token is taken. A revoked token keeps its name.",
        "Choose another name.",
    ),
    of(
        "precondition_failed",
        412,
        "The product has changed since its ETag was read, so nothing was changed.",
        "Read the product again, decide anew, and send its ETag as If-Match.",
    ),
    of("too_large", 413, "The body is larger than the server takes.", "Send less at a time."),
    of(
        "unsupported_media_type",
        415,
        "The body is not declared as what the route takes.",
        "Send Content-Type: application/json, or application/jsonl for lines, without a Content-Encoding.",
    ),
    of(
        "key_reused",
        422,
        "The Idempotency-Key was used with other content.",
        "Use a new key for each new request, and the same key only to repeat one.",
    ),
    of(
        "rate_limited",
        429,
        "The client has sent too many requests.",
        "Wait for Retry-After. RateLimit tells in every answer what is left.",
    ),
    of(
        "internal",
        500,
        "The server failed unexpectedly. Nothing was changed.",
        "Report the request_id: it finds the cause in the server's log.",
    ),
    of(
        "busy",
        503,
        "Too much waits to be done, or the outcome of a commit could not be learnt.",
        "Wait for Retry-After, and send the request again with the same Idempotency-Key.",
    ),
    of(
        "store_unavailable",
        503,
        "The store cannot take a commit: the disk is full, read-only or failing, or its server is away.",
        "Send the request again later, with the same Idempotency-Key. The operator finds the cause in the server's log.",
    ),
    of(
        "store_gone",
        503,
        "The file of the store was removed or replaced while it was open.",
        "The operator has to start the server again.",
    ),
];

const fn of(code: &'static str, status: u16, cause: &'static str, remedy: &'static str) -> Remedy {
    Remedy { code, status, cause, remedy }
}
