extension BitgetMargin {
    /// By whose word the profile of this venue is what it is: docs/venues/bitget.md.
    static let sources: [Source] =
        Bitget.sources + [
            Source(.doc, "Bitget documentation, margin, pages of endpoints", read: "mid-2026", "limit:*"),
            Source(.doc, "Bitget documentation, common/public: server time", read: "mid-2026", "limit:lookup:time"),
            Source(.doc, "Bitget documentation, margin, batch pages (another page and a library say 50)", read: "mid-2026", "place_max cancel_max"),
            Source(.doc, "Bitget documentation, spot and futures, batch pages; a library", read: "mid-2026", "place_max_at_most"),
            Source(.doc, "Bitget documentation, margin: no page of it", read: "mid-2026", "modify_max cancels_all"),
            Source(.doc, "Bitget documentation, margin, open orders and order history", read: "mid-2026", "find_steps lists_by_symbol"),
            Source(.doc, "Bitget documentation, margin: isolated and crossed are pages of their own", read: "mid-2026", "endpoints shared_budgets"),
            Source(.doc, "Bitget documentation, spot, account information", read: "mid-2026", "account_tells_uid uid rights"),
            Source(.guess, "no page shows it: an empty list counts, and nothing else", read: "2026-11", "unknown_id"),
            Source(.guess, "the page belongs to spot; which right it needs is not said", read: "2026-11", "account_mode"),
            Source(.guess, "no sample has a version, and no channel tells executions", read: "2026-11", "stream:versions stream:fills"),
            Source(.doc, "Bitget documentation, margin, websocket channels", read: "mid-2026", "stream:by_symbol stream:channels_max"),
        ]
}

extension BitgetUTA {
    /// By whose word the profile of this venue is what it is: docs/venues/bitget.md.
    static let sources: [Source] =
        Bitget.sources + [
            Source(.doc, "Bitget documentation, uta, pages of endpoints", read: "2026-10", "limit:*"),
            Source(.doc, "Bitget documentation, common/public: server time", read: "mid-2026", "limit:lookup:time"),
            Source(
                .doc, "Bitget documentation, uta/trade, batch pages", read: "2026-10",
                "place_max cancel_max modify_max unfinished_modifies_max"),
            Source(.doc, "Bitget documentation, common: demo trading", read: "mid-2026", "demo stream:demo_url"),
            Source(.doc, "Bitget documentation, uta/trade: cancel by symbol, whole category without one", read: "2026-10", "cancels_all"),
            Source(.doc, "Bitget documentation, uta/trade, countdown cancel all: by arrangement with the venue", read: "2026-10", "countdown"),
            Source(.doc, "Bitget documentation, uta/trade, order info: code 25204", read: "2026-10", "says_unknown unknown_id"),
            Source(.guess, "that order info and executions show every order is ours", read: "2026-11", "find_steps"),
            Source(.doc, "Bitget documentation, uta/account, settings", read: "2026-10", "account_tells_uid uid account_mode"),
            Source(.guess, "no page of the unified account tells what a key may do", read: "2026-11", "rights"),
            Source(.doc, "Bitget documentation, uta websocket, order and fill channels", read: "mid-2026", "stream:versions stream:fills"),
            Source(.guess, "of the v2 page, taken for v3", read: "2026-11", "stream:channels_max"),
        ]
}

extension Bitget {
    fileprivate static let sources: [Source] = [
        Source(
            .doc, "Bitget documentation, common: request, signature, timestamps", read: "mid-2026",
            "base_url freshness stale_question needs_passphrase key address clock tls"),
        Source(.guess, "a request under way after 30 s is not taken any more: the page speaks of stamps alone", read: "2026-11", "stamp_margin"),
        Source(.doc, "Bitget documentation, common: rate limits, 6000 a minute and address", read: "mid-2026", "limit:overall"),
        Source(
            .doc, "Bitget documentation, client ids: what all of its rules allow", read: "mid-2026", "client_ids cancels_by_client_id duplicate_id"),
        Source(.doc, "Bitget documentation, history and fills: 90 days", read: "mid-2026", "memory lists_fills"),
        Source(.doc, "Bitget documentation: a cursor is the page's lowest id", read: "mid-2026", "listing_proves_absence"),
        Source(.guess, "measured by nobody; a look-up right behind a placement was seen to miss it", read: "2026-11", "visibility_delay"),
        Source(.doc, "Bitget documentation, batch pages: lists of successes and failures", read: "mid-2026", "batch_items"),
        Source(.doc, "Bitget documentation, states and enumerations", read: "mid-2026", "open_orders history fills"),
        Source(.doc, "Bitget documentation, instruments", read: "mid-2026", "markets"),
        Source(
            .doc, "Bitget documentation, common/websocket-intro", read: "mid-2026",
            "stream:url stream:login stream:heartbeat stream:life stream:messages stream:limit:* stream:subscription"),
    ]
}
