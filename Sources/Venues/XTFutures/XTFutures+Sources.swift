extension XTFutures {
    /// By whose word the profiles of this venue are what they are; what is left open, and how it is taken, stands at the end of docs/venues/xt-futures.md.
    static let sources: [Source] = [
        Source(.doc, "XT documentation, futures: hosts, signature", read: "2025-02", "base_url key tls clock stamp_margin"),
        Source(.doc, "XT documentation, futures: 5 s without a window", read: "2025-02", "freshness stale_question"),
        Source(.sister, "XT documentation, spot: recvwindow", read: "2025-02", "recvwindow_floor"),
        Source(.doc, "XT documentation, futures, general page (pages of endpoints say 200 a second)", read: "2025-02", "limit:*"),
        Source(.guess, "no page has a figure: 10 a second", read: "2026-11", "limit:lookup:symbol limit:lookup:time"),
        Source(.doc, "XT documentation, futures, order/create: one order, and its id in the answer", read: "2025-12", "place_max"),
        Source(.doc, "XT documentation, futures, order/atomic-create-batch", read: "2025-12", "place_max_at_most"),
        Source(.guess, "no page has a ceiling: 20, and fewer where that is refused", read: "2026-11", "cancel_max"),
        Source(
            .doc, "XT documentation, futures, order pages", read: "2025-12",
            "modify_max cancels_by_client_id cancels_all lists_fills open_orders history fills"),
        Source(.guess, "nobody says it: one at a time", read: "2026-11", "unfinished_modifies_max"),
        Source(.guess, "nobody says it: the answer to a batch names no order, and each is looked up", read: "2026-11", "batch_items"),
        Source(.sdk, "one client's log shows a new id; unproven", read: "2026-11", "modify_may_rename"),
        Source(.sister, "as XT's spot side: no pattern is documented", read: "2026-04", "client_ids"),
        Source(.guess, "that the two lists hold every order is taken from their names", read: "2026-11", "find_steps"),
        Source(.guess, "nobody says how an unknown id is answered: an empty list", read: "2026-11", "unknown_id"),
        Source(.guess, "nobody says it: the upper end of what cautious clients wait", read: "2026-11", "visibility_delay"),
        Source(.guess, "nobody says it: an hour", read: "2026-11", "memory"),
        Source(.doc, "XT documentation, futures, account/info: allowTrade", read: "2025-12", "account_mode"),
        Source(.guess, "no page tells what a key may do", read: "2026-11", "rights"),
        Source(.doc, "XT documentation, futures: HTTP 403", read: "2025-02", "address"),
        Source(.doc, "XT documentation, futures, symbols", read: "2025-12", "markets"),
        Source(
            .doc, "XT documentation, futures, websocket", read: "2025-02",
            "stream:url stream:login stream:token stream:heartbeat stream:subscription"),
        Source(
            .guess, "nobody says it: little", read: "2026-11",
            "stream:messages stream:limit:connect stream:limit:subscribe stream:limit:ws-token"),
        Source(
            .guess, "executions bear no id; that times of pushes are REST's is not said: not relied on", read: "2026-11",
            "stream:versions stream:fills"),
    ]
}
