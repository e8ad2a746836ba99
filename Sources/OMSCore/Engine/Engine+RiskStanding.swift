/// How what lives stands beside its owner's rules.
extension Engine {
    /// Says which rules what lives passes already: they were read again, and nothing is cancelled for them.
    func tellRulesPassed() {
        for desk in desks {
            let words = rulesPassed(on: desk)
            guard !words.isEmpty else { continue }
            let all = words.joined(separator: "; ")
            notice(.rulesPassed(all), of: desk.id)
            record(.note(account: desk.id, nil, event(.note, note: "what lives passes rules that were read again, and is left as it is: \(all)")))
        }
    }

    /// Says which rules name markets that the venue does not have: what was meant by them is not bounded. Nothing before its table of markets is read.
    func tellRulesWithoutMarket(_ desk: Desk) {
        let words = desk.setup.risk.marketsNamed.compactMap { rule, symbol in withoutMarket(symbol, on: desk).map { "risk.\(rule): \($0)" } }
        guard !words.isEmpty else { return }
        let all = words.joined(separator: "; ")
        notice(.rulesWithoutMarket(all), of: desk.id)
        record(.note(account: desk.id, nil, event(.note, note: "rules name markets that are not there, and bound nothing: \(all)")))
    }

    /// What is wrong with a rule's market. That a rule names it says nothing for it.
    private func withoutMarket(_ symbol: Symbol, on desk: Desk) -> String? {
        desk.access.markets.isKnown(symbol, used: []) ? nil : desk.unknownSymbol(symbol)
    }

    private func rulesPassed(on desk: Desk) -> [String] {
        let risk = desk.setup.risk
        var words: [String] = []
        if risk.judgesOrders {
            var (counts, first): ([String: Int], [String: ClientOrderID]) = ([:], [:])
            for live in desk.book.all.sorted(by: { $0.key < $1.key }) where !live.state.isTerminal {
                var terms = live.order.terms
                (terms.price, terms.quantity) = (live.order.price, live.order.quantity)
                // Of a market that is not known yet nothing can be said.
                guard let market = desk.access.markets[terms.symbol] else { continue }
                do throws(RiskSetting.Refusal) { try risk.examine(terms, in: market) } catch {
                    counts[error.key, default: 0] += 1
                    first[error.key] = first[error.key] ?? live.order.clientOrderID
                }
            }
            for (key, count) in counts.sorted(by: { $0.key < $1.key }) {
                words.append("risk.\(key): \(count) open orders, the first \(first[key]?.text ?? "")")
            }
        }
        if let most = risk.maxOpenOrders {
            let open = openOrders(on: desk, atLeast: most)
            if open > most { words.append("risk.max_open_orders: the limit is \(most), \(open) are open") }
        }
        if let most = risk.maxOpenNotional {
            do throws(UnknownWorth) {
                let open = try openNotional(of: desk, own: desk.book.weights.exposure)
                if open > most { words.append("risk.max_open_notional: the limit is \(most), \(open) is open") }
            } catch { words.append("risk.max_open_notional: the limit is \(most); \(error.words)") }
        }
        for (symbol, limit) in risk.maxPosition.sorted(by: { $0.key < $1.key }) {
            for row in desk.book.positions.all where row.key.symbol == symbol {
                guard let held = held(row.key, limit, on: desk) else { continue }
                if held.magnitude > limit.max { words.append("risk.max_position: the limit is \(limit.max) of \(symbol), \(held) is held") }
            }
        }
        return words
    }

    // MARK: risk.get

    /// Every rule of an account, and what of it is used.
    func ruleStandings(of desk: Desk) -> [RuleStanding] {
        let risk = desk.setup.risk
        var all: [RuleStanding] = []
        func add(
            _ rule: String, _ symbol: Symbol? = nil, side: PositionSide? = nil, limit: String, used: String? = nil, note: String? = nil
        ) {
            all.append(RuleStanding(account: desk.id, rule: rule, symbol: symbol, positionSide: side, limit: limit, used: used, note: note))
        }
        if let most = risk.maxOrderNotional { add("max_order_notional", limit: "\(most)") }
        for (symbol, most) in risk.maxOrderQuantity.sorted(by: { $0.key < $1.key }) {
            add("max_order_quantity", symbol, limit: "\(most)", note: withoutMarket(symbol, on: desk))
        }
        if let most = risk.maxOpenNotional {
            do throws(UnknownWorth) {
                add("max_open_notional", limit: "\(most)", used: "\(try openNotional(of: desk, own: desk.book.weights.exposure))")
            } catch { add("max_open_notional", limit: "\(most)", note: error.words) }
        }
        if let most = risk.maxOpenOrders { add("max_open_orders", limit: "\(most)", used: "\(openOrders(on: desk, atLeast: 0))") }
        if let most = risk.maxOrdersPerSecond {
            let same = sharers(of: desk)
            let isKnown = same.allSatisfy { $0.recentPlaces.isKnown(at: now.monotonic) }
            let recent = same.reduce(0) { $0 + $1.recentPlaces.count(at: now.monotonic) }
            add(
                "max_orders_per_s", limit: "\(most)", used: isKnown ? "\(recent)" : nil,
                note: isKnown ? nil : "what was placed in the second before the daemon began is not known")
        }
        for (symbol, limit) in risk.maxPosition.sorted(by: { $0.key < $1.key }) {
            let sides = Set(desk.book.positions.all.filter { $0.key.symbol == symbol }.map(\.key.positionSide))
                .union(desk.book.weights.exposure[symbol]?.positionSides ?? [])
            // Of a market that was never traded the rule is shown all the same.
            for side in (sides.isEmpty ? [nil] : sides).sorted(by: { ($0?.rawValue ?? "") < ($1?.rawValue ?? "") }) {
                let (used, note) = positionStanding(PositionKey(symbol: symbol, positionSide: side), limit, on: desk)
                add("max_position", symbol, side: side, limit: "\(limit.max)", used: used, note: withoutMarket(symbol, on: desk) ?? note)
            }
        }
        for (symbol, band) in risk.priceBand.sorted(by: { $0.key < $1.key }) {
            add("price_band", symbol, limit: "\(band.low) to \(band.high)", note: withoutMarket(symbol, on: desk))
        }
        if let symbols = risk.symbols {
            let unknown = symbols.sorted().compactMap { withoutMarket($0, on: desk) }
            let note = unknown.isEmpty ? nil : unknown.joined(separator: "; ")
            add("symbols", limit: symbols.map(\.text).sorted().joined(separator: " "), note: note)
        }
        return all
    }

    /// The farther of both ways in which a position may go.
    private func positionStanding(_ key: PositionKey, _ limit: PositionLimit, on desk: Desk) -> (used: String?, note: String) {
        guard let held = held(key, limit, on: desk) else { return (nil, "the position is beyond any number, or could not be read") }
        let open = desk.book.weights.exposure[key.symbol]
        func reach(_ side: Side) -> Decimal? {
            guard let most = open.map({ $0.most(Way(side, key.positionSide)) }) ?? .zero else { return nil }
            return side == .buy ? held.adding(most) : held.subtracting(most)
        }
        guard let high = reach(.buy), let low = reach(.sell) else { return (nil, "\(held) is held, and an open order has no bound on its quantity") }
        return ("\(max(high.magnitude, low.magnitude))", "\(held) is held, \(low) to \(high) with all that may trade")
    }
}
