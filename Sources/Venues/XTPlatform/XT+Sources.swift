extension XTSpot {
    /// By whose word the profile of this venue is what it is: docs/venues/xt.md.
    package static let sources: [Source] =
        XTPlatform.sources + [
            Source(
                .doc, "XT documentation, spot: signature, recvwindow", read: "2025-02", "freshness stale_question recvwindow_floor stamp_margin key"),
            Source(
                .doc, "XT documentation, spot, pages of endpoints", read: "2025-02",
                "limit:batch-place limit:modify limit:cancel-all limit:lookup:order limit:lookup:open-order limit:lookup:history-order limit:lookup:symbol"
            ),
            Source(.guess, "no page has a figure: 10 a second", read: "2026-11", "limit:*"),
            Source(.doc, "XT documentation, spot: 30 a second with batch-place", read: "2025-02", "limit:batch-cancel"),
            Source(.sdk, "XT.Net 07/2026", read: "2026-11", "place_max cancel_max"),
            Source(.doc, "XT documentation, spot, order pages", read: "2025-02", "base_url modify_max cancels_by_client_id cancels_all"),
            Source(.doc, "XT documentation, spot: ORDER_005", read: "2025-02", "says_unknown unknown_id"),
            Source(.doc, "XT documentation, spot, executions", read: "2025-02", "lists_fills"),
            Source(.sister, "WEX documentation, single orders: 4 to 22 (XT's own page: 4 to 32)", read: "2026-04", "client_ids"),
            Source(.guess, "that one look-up shows every order is not said", read: "2026-11", "find_steps"),
            Source(.doc, "XT documentation, spot, websocket", read: "2025-02", "stream:url stream:login stream:token stream:limit:ws-token"),
            Source(.sdk, "XT.Net 07/2026", read: "2026-11", "stream:heartbeat"),
        ]
}

extension AZFutures {
    /// By whose word the profile of this venue is what it is: docs/venues/xt.md.
    static let sources: [Source] =
        XTPlatform.sources + [
            Source(.doc, "AZ documentation, futures: signature", read: "2025-11-03", "freshness stale_question stamp_margin key"),
            Source(.sister, "XT documentation, spot: recvwindow", read: "2025-02", "recvwindow_floor"),
            Source(
                .doc, "AZ documentation, futures, pages of endpoints", read: "2025-11-03",
                "limit:batch-place limit:modify limit:cancel-all limit:lookup:order-list limit:lookup:order-detail limit:lookup:list-history "
                    + "limit:lookup:trade-list limit:lookup:list-open-order"),
            Source(.doc, "AZ documentation, general page", read: "2025-11-03", "limit:overall limit:lookup:balance"),
            Source(.guess, "no page has a figure: 10 a second", read: "2026-11", "limit:*"),
            Source(
                .doc, "AZ documentation, futures, order/batch", read: "2025-11-03",
                "base_url place_max cancel_max mixes_place_and_cancel cancels_by_client_id"),
            Source(.doc, "AZ documentation, futures, order pages", read: "2025-11-03", "modify_max cancels_all lists_fills"),
            Source(.doc, "AZ documentation, futures (pages until 2026-01; later ones say base currency)", read: "2026-01-26", "quantity_unit"),
            Source(.sister, "as XT's spot side: no pattern is documented", read: "2026-04", "client_ids"),
            Source(.guess, "documents and a capture disagree on what is listed without a state: both lists are asked", read: "2026-11", "find_steps"),
            Source(.guess, "nobody says how an unknown id is answered: an empty list", read: "2026-11", "unknown_id"),
            Source(
                .doc, "AZ documentation and its Python client, futures websocket", read: "2026-11",
                "stream:url stream:login stream:heartbeat"),
            Source(.guess, "which token futures takes is not said: spot's, then the listen key", read: "2026-11", "stream:token"),
            Source(.sister, "XT documentation, spot, websocket", read: "2025-02", "stream:limit:ws-token"),
        ]
}

/// What XT's and AZ's lists share.
private enum XTPlatform {
    static let sources: [Source] = [
        Source(.doc, "XT and AZ documentation: time, header pages", read: "2025-11-03", "tls clock"),
        Source(.doc, "XT and AZ documentation: codes AUTH_101 to AUTH_106", read: "2025-11-03", "address"),
        Source(.guess, "no page tells what a key may do", read: "2026-11", "rights"),
        Source(
            .guess, "no page tells of the account's kind: balances, and closed orders, are answered", read: "2026-11", "account_mode",
            unseen: "no page tells of the account's kind"),
        Source(.sdk, "XT.Net 07/2026: an answer for each order of a batch", read: "2026-11", "batch_items"),
        Source(.guess, "nobody says it: one at a time", read: "2026-11", "unfinished_modifies_max"),
        Source(.sdk, "one client's log shows a new id; unproven", read: "2026-11", "modify_may_rename"),
        Source(.guess, "nobody says it: the upper end of what cautious clients wait", read: "2026-11", "visibility_delay"),
        Source(.guess, "nobody says it: an hour", read: "2026-11", "memory"),
        Source(.doc, "XT and AZ documentation, states of orders", read: "2025-11-03", "open_orders history"),
        Source(.doc, "XT and AZ documentation, executions", read: "2025-11-03", "fills"),
        Source(.doc, "XT and AZ documentation, symbols", read: "2025-11-03", "markets"),
        Source(.guess, "nobody says it: little", read: "2026-11", "stream:limit:connect stream:limit:subscribe stream:messages"),
        Source(.guess, "whether times and ids of pushes are REST's is not said: not relied on", read: "2026-11", "stream:versions stream:fills"),
        Source(.doc, "XT and AZ documentation, websocket", read: "2026-11", "stream:subscription"),
    ]
}
