extension Bybit {
    /// By whose word the profiles of this venue are what they are; what is left open, and how it is taken, stands at the end of docs/venues/bybit.md.
    static let sources: [Source] = [
        Source(
            .doc, "Bybit documentation, v5/guide", read: "2026-07-24",
            "base_url demo freshness stale_question stamp_margin key address clock tls shut_out"),
        Source(.doc, "Bybit documentation, v5/rate-limit", read: "2026-07-24", "limit:* shared_budgets"),
        Source(
            .doc, "Bybit documentation, v5/order/batch-place, batch-cancel, batch-amend", read: "2026-07-24",
            "place_max cancel_max modify_max cancels_by_client_id client_ids duplicate_id batch_items"),
        Source(.doc, "Bybit documentation, v5/order/cancel-all", read: "2026-07-24", "cancels_all"),
        Source(
            .doc, "Bybit documentation, v5/order/open-order, order-list, execution", read: "2026-07-24", "memory unfilled_memory lists_fills"
        ),
        Source(.doc, "Bybit documentation, v5/enum", read: "2026-07-24", "open_orders history fills"),
        Source(.doc, "Bybit documentation, v5/market/instrument", read: "2026-07-24", "markets"),
        Source(.doc, "Bybit documentation, v5/account", read: "2026-07-24", "account_mode"),
        Source(.guess, "the page that tells what a key may do is not asked", read: "2026-11", "rights"),
        Source(.report, "captured traffic: executions show what both pages of orders lacked", read: "2026-11", "find_steps"),
        Source(.report, "reports on the forerunner of order/history, 15 s late", read: "2026-11", "visibility_delay"),
        Source(.guess, "nobody says how an unknown id is answered: an empty list, or no answer", read: "2026-11", "unknown_id"),
        Source(.guess, "nobody says it: one change at a time", read: "2026-11", "unfinished_modifies_max"),
        Source(.guess, "whether linear and inverse share a counter is not said: they do here", read: "2026-11", "endpoints"),
        Source(.guess, "nobody says it: little", read: "2026-11", "stream:messages stream:limit:subscribe"),
        Source(.guess, "that pushes bear the ids and times of REST is not said: not relied on", read: "2026-11", "stream:versions stream:fills"),
        Source(
            .doc, "Bybit documentation, v5/ws/connect", read: "2026-07-24",
            "stream:url stream:demo_url stream:login stream:heartbeat stream:limit:connect"),
        Source(.sdk, "pybit 5.17.0, Bybit.Net 7.5.0", read: "2026-11", "stream:subscription"),
    ]
}
