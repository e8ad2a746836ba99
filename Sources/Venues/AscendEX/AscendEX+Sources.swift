extension AscendEX {
    /// By whose word the profile of this venue is what it is: docs/venues/ascendex.md.
    static let sources: [Source] = [
        Source(.doc, "AscendEX documentation, REST, authentication", read: "2025-10-29", "base_url stale_question signature key address tls"),
        Source(.doc, "AscendEX documentation, exchange-info", read: "2025-10-29", "clock"),
        Source(.doc, "AscendEX documentation, place order: a time older than 30 s is not processed", read: "2025-10-29", "freshness"),
        Source(.guess, "how far ahead a stamp may be is not said", read: "2026-11", "stamp_margin"),
        Source(.report, "support named 10 a second in 2019; no page has figures", read: "2026-11", "limit:*"),
        Source(.doc, "AscendEX documentation, batch orders", read: "2025-10-29", "place_max modify_max batch_items"),
        Source(.guess, "the size of a batch cancel is not said: as a batch", read: "2026-11", "cancel_max"),
        Source(.doc, "AscendEX documentation, cancel orders", read: "2025-10-29", "cancels_by_client_id cancels_all"),
        Source(.doc, "AscendEX documentation, order id convention", read: "2025-10-29", "looks_up_by_venue_id"),
        Source(
            .doc, "AscendEX documentation, order id convention", read: "2025-10-29", "client_ids",
            unseen: "rows of orders name the venue's id alone, in which the end of ours stands"),
        Source(.report, "a request of 1000 characters was the longest", read: "2026-11", "find_max find_ids_max"),
        Source(.guess, "order/status is said to tell every order, and for how long is not", read: "2026-11", "find_steps"),
        Source(.doc, "AscendEX documentation, ACCEPT and DONE wait up to 5 s", read: "2025-10-29", "visibility_delay"),
        Source(.doc, "AscendEX documentation, order history: at least 30 days", read: "2025-10-29", "memory history"),
        Source(.guess, "the answer to an unknown id is not said: a list without it", read: "2026-11", "unknown_id"),
        Source(
            .doc, "AscendEX documentation, account information", read: "2025-10-29", "needs_account_facts account_tells_uid uid rights account_mode"),
        Source(.doc, "AscendEX documentation, products", read: "2025-10-29", "markets"),
        Source(.doc, "AscendEX documentation, order status and states", read: "2025-10-29", "open_orders"),
        Source(
            .doc, "AscendEX documentation, websocket", read: "2025-10-29",
            "stream:url stream:login stream:greets stream:heartbeat stream:versions stream:fills stream:subscription"),
        Source(.guess, "nobody says it: little", read: "2026-11", "stream:limit:* stream:messages"),
    ]
}
