extension OKX {
    /// By whose word the profile of this venue is what it is: docs/venues/okx.md.
    static let sources: [Source] = [
        Source(
            .doc, "OKX API documentation, overview: hosts, demo trading, signature", read: "2026-11",
            "base_url demo needs_passphrase key address tls clock"),
        Source(.report, "the socket's documented 30 s, and reports of 50102 over REST", read: "2026-11", "stale_question signature freshness:cancel"),
        Source(.doc, "OKX API documentation, orders: expTime", read: "2026-11", "freshness"),
        Source(.guess, "whether a stamp may be ahead of the venue's clock is not said", read: "2026-11", "stamp_margin"),
        Source(.doc, "OKX API documentation, rate limits of each endpoint", read: "2026-11", "limit:*"),
        Source(
            .doc, "OKX API documentation, batch orders", read: "2026-11",
            "place_max cancel_max modify_max cancels_by_client_id client_ids duplicate_id batch_items"),
        Source(.doc, "OKX API documentation, amend: three under way", read: "2026-11", "unfinished_modifies_max"),
        Source(.doc, "OKX API documentation, cancel all after", read: "2026-11", "cancels_all countdown"),
        Source(.doc, "OKX API documentation, order details, lists and history", read: "2026-11", "memory unfilled_memory lists_fills"),
        Source(.guess, "no page has a figure", read: "2026-11", "visibility_delay"),
        Source(.guess, "that these pages together show every order is ours", read: "2026-11", "find_steps unknown_id"),
        Source(.doc, "OKX API documentation, account configuration", read: "2026-11", "account_tells_uid uid account_mode rights"),
        Source(.doc, "OKX API documentation, instruments", read: "2026-11", "markets"),
        Source(.doc, "OKX API documentation, states of orders", read: "2026-11", "open_orders history fills"),
        Source(
            .doc, "OKX API documentation, websocket", read: "2026-11",
            "stream:url stream:demo_url stream:login stream:heartbeat stream:limit:* stream:subscription"),
        Source(.guess, "no page has a figure: little", read: "2026-11", "stream:messages"),
        Source(.guess, "that pushes bear the ids and times of REST is not said: not relied on", read: "2026-11", "stream:versions stream:fills"),
    ]
}
