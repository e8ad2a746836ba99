import OMSCore
import Store

/// The sections on doubts, refusals, times, limits, breaks and people.
extension Report {
    /// A list that was cut says so.
    private static func cut(_ left: Int, _ what: HTMLText) -> HTMLText {
        left > 0 ? "<p class=\"soft\">\(grouped: left) more are not listed, \(what).</p>\n" : ""
    }

    private func oneByOne(_ list: ReportTable) -> HTMLText {
        list.count == 0 ? "" : "<h3>One by one</h3>\n" + list.html(shown: 20, without: "")
    }

    private static func ways(_ how: DoubtEnd) -> String {
        switch how {
        case .open: "stands: the venue is asked"
        case .parked: "stands: waits for a person"
        case .found: "the venue showed it"
        case .absentSentAgain: "proven absent, sent again"
        case .absentEnded: "proven absent, ended"
        case .operator: "a person settled it"
        }
    }

    var doubts: HTMLText {
        var endings = ReportTable(["=account", "how it ended", ">doubts", ">half within", ">99 of 100 within", ">longest"])
        for ending in figures.endings {
            let lasted = ending.lasted
            endings.add(
                ["\(outside: ending.account)", "\(Self.ways(ending.how))", "\(grouped: lasted.count)"]
                    + [lasted.quantile(perMille: 500), lasted.quantile(perMille: 990), lasted.longest].map { "\(duration: $0 ?? 0)" })
        }
        var list = ReportTable(["=order", "=account", "=since", ">lasted", "how it ended", "+why nobody knew"])
        for doubt in figures.doubts.rows {
            list.add([
                "<code>\(doubt.clientOrderID)</code>", "\(outside: doubt.account)", "\(moment: doubt.since)",
                "\(doubt.until.map { ReportTime.duration(max(0, $0 - doubt.since)) } ?? "–")", "\(Self.ways(doubt.how))", "\(outside: doubt.why)",
            ])
        }
        return """
            <p>A request went out and its answer did not come, or could not be read. Nothing is sent again until it
            is proven that the venue does not have it.</p>
            \(endings.html(without: "No order was ever in doubt."))\(oneByOne(list))
            \(Self.cut(figures.doubts.left, "those that lasted shortest"))
            """
    }

    var refusals: HTMLText {
        var table = ReportTable([">how many", "by", "=account", "what", "code", "+the last one's words", "=last"])
        for refusal in figures.refusals {
            table.add([
                "\(grouped: refusal.count)", "\(refusal.isLocal ? "omsd" : "venue")", "\(outside: refusal.account)", "\(refusal.what)",
                "<code>\(refusal.code)</code>", "\(outside: refusal.text)", "\(moment: refusal.lastAt)",
            ])
        }
        return "<p>By the venue, in its own words, or by omsd before anything was sent. <code>omsctl explain CODE</code> says what a code means. "
            + "What the daemon refused as a whole is on no record.</p>\n\(table.html(without: "Nothing was refused."))"
    }

    var latency: HTMLText {
        var table = ReportTable(["=account", "=measure", ">orders", ">half within", ">9 of 10 within", ">99 of 100 within", ">longest"])
        for account in figures.accounts {
            for measure in ReportMeasure.allCases {
                let times = measure.of(account.latency)
                guard times.count > 0 else { continue }
                table.add(
                    ["\(outside: account.name)", "\(measure.name)", "\(grouped: times.count)"]
                        + [times.quantile(perMille: 500), times.quantile(perMille: 900), times.quantile(perMille: 990), times.longest].map {
                            "\(duration: $0 ?? 0)"
                        })
            }
        }
        var words = HTMLText()
        for measure in ReportMeasure.allCases { words += "<li><strong>\(measure.name)</strong>: \(measure.means)</li>\n" }
        return table.html(without: "Nothing was sent.")
            + "<ul class=\"soft\">\(words)</ul>\n<p class=\"soft\">Quantiles are told too high by at most one part in 64.</p>\n"
    }

    var limits: HTMLText {
        var table = ReportTable(["venue", "limit", "of", ">allowed", ">each", ">busiest", "share", "over time", ">requests"])
        for limit in figures.limits where limit.requests > 0 || limit.busiest > 0 {
            let owner: HTMLText = limit.owner == limit.scope ? "" : " \(outside: limit.owner)"
            let product: HTMLText = limit.product.map { " \(outside: $0)" } ?? ""
            table.add([
                "\(outside: limit.venue)\(product)", "\(outside: limit.budget)", "\(limit.scope)\(owner)", "\(grouped: limit.permits)",
                "\(length: Int64(limit.windowMs) * 1_000)", "\(grouped: limit.busiest)\(limit.busiest > limit.permits ? " over" : "")",
                ReportPlots.bar(limit.busiest, of: limit.permits), ReportPlots.spark(limit.overTime, allowed: limit.permits),
                "\(grouped: limit.requests)",
            ])
        }
        var requests = ReportTable(["=account", "what for", "how it ended", ">requests", ">orders in them"])
        for one in figures.requests {
            requests.add([
                "\(outside: one.account)", "\(one.kind)", "\(one.outcome.isEmpty ? "no end on record" : one.outcome)", "\(grouped: one.count)",
                "\(grouped: one.items)",
            ])
        }
        return """
            <p>The most requests that were signed in any window of the limit's length, against what the limit allows as
            it is configured now. A limit belongs to a user, a key or an address, not to an account.</p>
            \(table.html(without: "No request was counted."))<h3>Requests on record</h3>
            \(requests.html(without: "None."))<p class="soft">Look-ups are on record only where they mattered; all of them are counted above.</p>

            """
    }

    var breaks: HTMLText {
        var kinds = ReportTable(["=account", "kind", ">found", ">over", ">acknowledged", ">open"])
        for kind in figures.breakKinds {
            kinds.add(
                ["\(outside: kind.account)", "\(kind.kind)"] + [kind.found, kind.ended, kind.acknowledged, kind.open].map { "\(grouped: $0)" })
        }
        var list = ReportTable([">number", "=when", "=account", "kind", "=order", "+what was found", "+what became of it"])
        for one in figures.breaks.rows {
            var became: HTMLText = one.isOpen ? "<strong>open</strong>" : ""
            if let at = one.endedAt { became += "over since \(moment: at) " }
            if let at = one.acknowledgedAt {
                became += "noted \(moment: at) by \(outside: one.acknowledgedBy ?? "somebody"): \(outside: one.reason ?? "")"
            }
            list.add([
                "\(Int(clamping: one.id))", "\(moment: one.at)", "\(outside: one.account)", "\(one.kind)",
                "<code>\(one.clientOrderID ?? one.venueOrderID ?? "")</code>", "\(outside: one.detail)", became,
            ])
        }
        return kinds.html(without: "None was found.") + oneByOne(list)
            + Self.cut(figures.breaks.left, "older and not open")
    }

    var people: HTMLText {
        var kills = ReportTable(["=when", "who", "=account", ">orders ended since", ">not closed now", "=taken back"])
        for kill in figures.kills {
            kills.add([
                "\(moment: kill.at)", "\(outside: kill.actor)", "\(outside: kill.account)", "\(grouped: kill.closed)",
                "\(grouped: kill.left)", "\(kill.until.map(ReportTime.moment) ?? "no")",
            ])
        }
        var words = ReportTable(["=when", "who", "=account", "=order", "what", "+in their words"])
        for one in figures.words.rows {
            words.add([
                "\(moment: one.at)", "\(outside: one.actor)", "\(outside: one.account ?? "")", "<code>\(one.clientOrderID ?? "")</code>",
                "\(Self.decision(one))", "\(outside: one.text)",
            ])
        }
        return "<h3>Kills</h3>\n\(kills.html(without: "No account was to be emptied."))"
            + "<h3>Decisions</h3>\n\(words.html(without: "Nobody decided anything beyond what was asked for above."))"
            + Self.cut(figures.words.left, "older ones")
    }

    private static func decision(_ words: JournalFigures.Words) -> String {
        switch words.kind {
        case "trading_state": "trading is \(words.state ?? "changed")"
        case "resolved": "settled a doubt: \(words.state ?? "")"
        case "break_acknowledged": "took note of a break"
        case "identity": "said who the account is"
        default: "note"
        }
    }

    var daemon: HTMLText {
        var starts = ReportTable(["=when", "what", "+words"])
        for start in figures.starts.rows {
            let what = start.kind == "start" ? "start" : "configuration read again"
            starts.add(["\(moment: start.at)", "\(what)", "\(outside: start.text)"])
        }
        var out = "<h3>Starts</h3>\n\(starts.html(without: "omsd was not started in this time."))" as HTMLText
        out += Self.cut(figures.starts.left, "older ones")
        out += "<h3>The journal</h3>\n"
        switch verdict {
        case nil: out += "<p>It was not checked. <code>omsd verify --journal FILE</code> does.</p>\n"
        case let verdict? where verdict.isSound:
            out += """
                <p>Sound: SQLite's own check, the record without gaps, each order and command folded from it and compared, requests, fills, permits
                and breaks (<code>omsd verify</code>): \(grouped: verdict.orders) orders, \(grouped: verdict.events) events,
                \(grouped: verdict.commands) commands, \(grouped: verdict.requests) requests.</p>

                """
        case let verdict?:
            var list = HTMLText()
            for problem in verdict.problems { list += "<li>\(outside: problem)</li>\n" }
            out += """
                <p><strong>Not sound.</strong> Copy the file with its <code>-wal</code> and <code>-shm</code> away before anything else;
                <code>docs/OPERATING.md</code> goes on from there.</p>
                <ul>\(list)</ul>

                """
            out += Self.cut(verdict.problemCount - verdict.problems.count, "<code>omsd verify</code> counts them")
        }
        return out
    }

    var reading: HTMLText {
        var fates = HTMLText()
        for fate in OrderFate.allCases { fates += "<li><strong>\(fate.rawValue)</strong>: \(fate.means)</li>\n" }
        return """
            <ul>\(fates)</ul>
            <p>Orders, intents and commands are of the time in which they were asked for; what became of them is as the journal had it when
            this was made, also where that came later. Executions are of the venue's time, requests of their signature, doubts and breaks of their beginning. Quantities are in
            the venue's own unit. Times are UTC, days begin at midnight UTC.</p>
            <p>Every figure can be counted again from the journal with any SQLite program, for example</p>
            <p><code>sqlite3 -readonly FILE "SELECT account, state, count(*) FROM v_orders GROUP BY 1, 2"</code></p>
            <p>and <code>omsctl report --json</code> gives all of them to programs.</p>

            """
    }
}
