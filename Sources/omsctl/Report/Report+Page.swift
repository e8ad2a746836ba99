import OMSCore
import Store
import Wire

/// The page: what was found first, then the figures it rests on.
extension Report {
    var page: String {
        let sections: [(id: String, title: String, body: HTMLText)] = [
            ("asked", "What was asked for, and what became of it", asked), ("doubts", "Doubts, and how each ended", doubts),
            ("refusals", "Refusals", refusals), ("latency", "How long it took", latency), ("limits", "Limits: used against allowed", limits),
            ("breaks", "Breaks: where journal and venue disagreed", breaks), ("people", "What people decided", people),
            ("rehearsals", "What rehearsals at the venues saw", rehearsals),
            ("daemon", "Starts, and the journal itself", daemon), ("reading", "How to read this", reading),
        ]
        var (links, bodies) = (HTMLText(), HTMLText())
        for section in sections {
            links += "<a href=\"#\(section.id)\">\(section.title)</a> "
            bodies += "<section id=\"\(section.id)\"><h2>\(section.title)</h2>\n\(section.body)</section>\n"
        }
        let html: HTMLText = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>omsd, \(span)</title>
            <style>
            \(ReportStyle.css)
            </style></head><body>
            <header><h1>Orders through omsd</h1>
            <p>\(span) (UTC), \(who)</p>
            <p class="soft">Made \(moment: madeAt) by omsctl \(omsdVersion) from \(outside: path), of record numbers up to
            \(grouped: Int(figures.seq)).</p>
            </header>
            <main>
            \(findings)
            \(tiles)
            <nav aria-label="sections">\(links)</nav>
            \(bodies)
            </main></body></html>

            """
        return html.markup
    }

    private var span: HTMLText {
        let period = figures.period
        guard figures.seq > 0 || scope.from != nil else { return "nothing on record" }
        return "\(moment: period.lowerBound) to \(moment: period.upperBound)"
    }

    private var who: HTMLText {
        if let account = scope.account { return "account \(outside: account.text)" }
        return figures.accounts.count == 1 ? "one account" : "\(figures.accounts.count) accounts"
    }

    // MARK: What was found

    /// Sentences that answer first: is it all right, and if not, what is not.
    private var findings: HTMLText {
        let lines = [journalFinding, fateFinding, limitFinding, breakFinding].compactMap { $0 } + haltFindings
        var list = HTMLText()
        if let warning { list += Self.line(Finding(isFine: false, words: "\(outside: warning)")) }
        for line in lines { list += Self.line(line) }
        return "<ul class=\"findings\">\(list)</ul>"
    }

    private struct Finding {
        let isFine: Bool
        let words: HTMLText
    }

    /// The word in front says it as well as the colour does.
    private static func line(_ finding: Finding) -> HTMLText {
        finding.isFine ? "<li class=\"ok\"><b>ok</b>\(finding.words)</li>\n" : "<li class=\"look\"><b>look</b>\(finding.words)</li>\n"
    }

    private var journalFinding: Finding {
        guard let verdict else { return Finding(isFine: false, words: "The journal itself was not checked (<code>--no-verify</code>).") }
        guard verdict.isSound else {
            return Finding(
                isFine: false,
                words: "The journal is <strong>not sound</strong>: \(grouped: verdict.problemCount) problems, <a href=\"#daemon\">below</a>.")
        }
        return Finding(
            isFine: true,
            words: "The journal is sound: \(grouped: verdict.orders) orders and \(grouped: verdict.events) events fold to what its tables say.")
    }

    private var fateFinding: Finding {
        let unknown = figures.total[.submitted, .inDoubt]
        guard unknown == 0 else {
            let parked = figures.endings.filter { $0.how == .parked }.reduce(0) { $0 + $1.lasted.count }
            let waits: HTMLText = parked > 0 ? "; \(grouped: parked) of them wait for a person" : ""
            return Finding(isFine: false, words: "Of \(grouped: unknown) orders nobody knows yet what became of them\(waits).")
        }
        let doubts = figures.doubts.count
        let told: HTMLText = doubts > 0 ? ": \(grouped: doubts) doubts arose, and each was settled" : "; no doubt arose"
        return Finding(isFine: true, words: "What became of each order is known\(told).")
    }

    /// nil: nothing was counted.
    private var limitFinding: Finding? {
        let over = figures.limits.filter { $0.busiest > $0.permits }
        if let worst = over.first {
            let words: HTMLText = "\(over.count) limits show more permits in a window than are allowed now, such as"
            return Finding(isFine: false, words: "\(words) \(outside: worst.budget) of \(outside: worst.venue).")
        }
        let tightest = figures.limits.max { $0.busiest * max(1, $1.permits) < $1.busiest * max(1, $0.permits) }
        guard let tightest, tightest.busiest > 0 else { return nil }
        let use: HTMLText = "\(tightest.busiest) of \(tightest.permits) in a window"
        return Finding(
            isFine: true, words: "Every limit was kept; the tightest, \(outside: tightest.budget) of \(outside: tightest.venue), saw \(use).")
    }

    private var breakFinding: Finding {
        let open = figures.breakKinds.reduce(0) { $0 + $1.open }
        let found = figures.breakKinds.reduce(0) { $0 + $1.found }
        guard open == 0 else {
            return Finding(isFine: false, words: "\(grouped: open) breaks are open: journal and venue disagreed, and nobody took note.")
        }
        guard found > 0 else { return Finding(isFine: true, words: "Journal and venues never disagreed.") }
        return Finding(isFine: true, words: "No break is open; \(grouped: found) ended or were acknowledged.")
    }

    private var haltFindings: [Finding] {
        figures.accounts.filter { $0.trading != "active" }.map {
            Finding(isFine: false, words: "Account \(outside: $0.name) is \($0.trading) now.")
        }
    }

    private var tiles: HTMLText {
        let total = figures.total
        var list: HTMLText = "<li><strong>\(grouped: total.all)</strong>asked for</li>"
        for fate in OrderFate.allCases { list += "<li><strong>\(grouped: fate.count(in: total))</strong>\(fate.rawValue)</li>" }
        return "<ul class=\"tiles\">\(list)</ul>"
    }

    // MARK: What was asked for

    static let fates = OrderFate.allCases.map { ">" + $0.rawValue }
    private static func counts(_ tally: JournalFigures.Tally) -> [HTMLText] {
        ([tally.all] + OrderFate.allCases.map { $0.count(in: tally) }).map { $0 == 0 ? "·" : "\(grouped: $0)" }
    }

    private static func sum(_ sum: Decimal?) -> HTMLText { "\(sum?.description ?? "beyond range")" }

    private var asked: HTMLText {
        var out = HTMLText()
        if figures.total.all > 0 {
            out += "<div class=\"plots\"><div>\(ReportPlots.orders(figures))</div><div>\(ReportPlots.latencies(figures))</div></div>\n"
        }
        var accounts = ReportTable(["=account", "=venue", "trading", ">intents", ">asked for"] + Self.fates + [">executions"])
        for account in figures.accounts {
            accounts.add(
                ["\(outside: account.name)", "\(account.venue) \(account.product)", "\(account.trading)", "\(grouped: account.intents)"]
                    + Self.counts(account.tally) + ["\(grouped: account.executions)"])
        }
        if figures.accounts.count > 1 {
            accounts.add(
                ["all", "", "", "\(grouped: figures.accounts.reduce(0) { $0 + $1.intents })"] + Self.counts(figures.total)
                    + ["\(grouped: figures.accounts.reduce(0) { $0 + $1.executions })"], isSum: true)
        }
        out += "<h3>By account</h3>\n\(accounts.html(without: "The journal has no account."))"
        var days = ReportTable(["=day", "=account", ">asked for"] + Self.fates)
        for day in figures.days { days.add(["\(ReportTime.day(day.start))", "\(outside: day.account)"] + Self.counts(day.tally)) }
        out += "<h3>By day</h3>\n\(days.html(without: "No order was asked for."))"
        var markets = ReportTable(["=account", "market", ">asked for"] + Self.fates + [">executions", ">bought", ">sold"])
        for market in figures.markets {
            markets.add(
                ["\(outside: market.account)", "\(outside: market.symbol)"] + Self.counts(market.tally)
                    + ["\(grouped: market.executions)", Self.sum(market.bought), Self.sum(market.sold)])
        }
        out += "<h3>By market</h3>\n\(markets.html(without: "No order was asked for."))"
        if !figures.fees.isEmpty {
            var fees = ReportTable(["=account", "asset", ">fees"])
            for fee in figures.fees { fees.add(["\(outside: fee.account)", "\(outside: fee.asset)", Self.sum(fee.sum)]) }
            out += "<h3>Fees</h3>\n\(fees.html(without: ""))"
        }
        var commands = ReportTable(["=account", "what", "came to", ">how many"])
        for account in figures.accounts {
            for command in account.commands {
                commands.add(["\(outside: account.name)", "\(command.kind)", "\(command.state)", "\(grouped: command.count)"])
            }
        }
        out += "<h3>Cancels and modifies</h3>\n\(commands.html(without: "None was asked for."))"
        var callers = ReportTable(["who", "=account", ">intents", ">orders"])
        for caller in figures.callers {
            callers.add(["\(outside: caller.actor)", "\(outside: caller.account)", "\(grouped: caller.intents)", "\(grouped: caller.orders)"])
        }
        return out + "<h3>Who asked</h3>\n\(callers.html(without: "Nobody asked for anything."))"
    }
}
