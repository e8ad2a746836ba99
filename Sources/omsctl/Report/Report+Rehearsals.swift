import OMSCore
import Store
import Wire

/// What the venues were seen to do of what is taken for granted of them.
extension Report {
    var rehearsals: HTMLText {
        var table = ReportTable(["=account", "=when", ">orders placed", ">hold", ">contradicted", ">not seen", "+promises do not rest on"])
        var list = ReportTable(["=account", "assumption", "promise", "verdict", "+assumed", "+seen"])
        for rehearsal in figures.rehearsals {
            func count(_ verdict: RehearsalRow.Verdict) -> HTMLText { "\(grouped: rehearsal.assumptions.count { $0.verdict == verdict })" }
            table.add([
                "\(outside: rehearsal.account.text)", "\(moment: rehearsal.at)", "\(grouped: rehearsal.orders)", count(.holds), count(.contradicts),
                count(.notSeen), "\(outside: rehearsal.standing.joined(separator: ", "))",
            ])
            for verdict in [RehearsalRow.Verdict.contradicts, .holds, .notSeen] {
                for seen in rehearsal.assumptions where seen.verdict == verdict {
                    list.add([
                        "\(outside: rehearsal.account.text)", "<code>\(outside: seen.name)</code>", "\(seen.bears ?? "")", Self.word(verdict),
                        "\(outside: seen.assumed)", "\(outside: seen.seen)",
                    ])
                }
            }
        }
        let all = list.count == 0 ? "" as HTMLText : "<h3>Assumption by assumption</h3>\n" + list.html(shown: 20, without: "")
        return """
            <p>What omsd promises rests on what venues do. <code>omsd rehearse</code> has the venue itself show it; the last one of each account counts.</p>
            \(table.html(without: "No account was rehearsed."))\(all)
            """
    }

    private static func word(_ verdict: RehearsalRow.Verdict) -> HTMLText {
        switch verdict {
        case .holds: "holds"
        case .contradicts: "<strong>contradicts</strong>"
        case .notSeen: "not seen"
        }
    }

    func writeRehearsals(to out: inout JSONWriter) {
        out.list("rehearsals", figures.rehearsals) { out, rehearsal in
            out.member("account", rehearsal.account.text)
            out.member("at", rehearsal.at)
            out.member("orders", rehearsal.orders)
            out.list("assumptions", rehearsal.assumptions) { out, seen in
                out.member("name", seen.name)
                out.member("assumed", seen.assumed)
                out.member("seen", seen.seen)
                out.member("verdict", seen.verdict.rawValue)
                out.member("bears", seen.bears)
            }
            out.member("standing", rehearsal.standing)
        }
    }
}
