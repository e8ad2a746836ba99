import Containers
import OMSCore
import Wire

/// Answers that are not what the venue meant: lists and rows changed behind it.
extension VenueWorld {
    /// Changes the first non-empty item list of an answer; an answer without one stays, and the fault did not strike.
    func tampered(
        _ response: HTTPResponse, _ rule: Int, _ route: Route, _ record: Ledger.Request, _ change: (inout [JSON], inout SplitMix64) -> Void
    ) -> HTTPResponse {
        rewritten(response, record) { root in
            guard let path = route.itemLists.first(where: { root.member(at: $0)?.array?.isEmpty == false }) else { return nil }
            return root.replacing(at: path[...]) { list in
                guard var items = list.array else { return list }
                faults.draw(rule) { change(&items, &$0) }
                return .array(items)
            }
        }
    }

    /// Replaces the answer's JSON; nil, or the same again: the answer stays, and the fault did not strike.
    func rewritten(_ response: HTTPResponse, _ record: Ledger.Request, _ change: (JSON) -> JSON?) -> HTTPResponse {
        guard let root = try? JSONParser.parse(response.body), let changed = change(root), changed != root else {
            record.fault = nil
            return response
        }
        var response = response
        response.body = changed.serialized()
        return response
    }

    // MARK: Pages

    /// A page that says one thing by its rows and another beside them.
    static func contradicting(_ how: Fault.Contradiction, _ root: JSON, _ route: Route, _ dialect: any Dialect) -> JSON? {
        guard let path = route.itemLists.first(where: { root.member(at: $0)?.array != nil }), let name = path.last,
            let rows = root.member(at: path)?.array, case .object(let beside)? = root.member(at: Array(path.dropLast()))
        else { return nil }
        let signs = dialect.pageSigns.filter { sign in beside.contains { $0.key == sign.name } }
        let kept: [JSON]
        switch how {
        case .empty where !signs.isEmpty: kept = []
        case .short, .gap: kept = Array(rows.prefix(rows.count / 2))
        case .null, .absent: kept = rows
        case .empty, .repeated: return nil
        }
        guard how != .short && how != .gap || !kept.isEmpty && !signs.isEmpty else { return nil }
        var members: [(key: String, value: JSON)] = []
        for member in beside {
            if member.key == name {
                switch how {
                case .null: members.append((name, .null))
                case .absent: break
                case .empty, .short, .gap, .repeated: members.append((name, .array(kept)))
                }
            } else if let sign = signs.first(where: { $0.name == member.key })?.says, how != .null, how != .absent {
                members.append((member.key, Self.promising(sign, member.value, rows: rows, kept: how == .short ? kept : rows)))
            } else {
                members.append(member)
            }
        }
        return root.replacing(at: path.dropLast()[...]) { _ in .object(members) }
    }

    /// A sign of more to come: an id names the last row that is `kept`, a total counts what there was.
    private static func promising(_ sign: PageSign, _ value: JSON, rows: [JSON], kept: [JSON]) -> JSON {
        switch sign {
        case .more: return .bool(true)
        case .total: return .number(String(max(value.integer ?? 0, Int64(rows.count), 1)))
        case .id:
            guard let text = value.text, !text.isEmpty else { return .string("1370000000000000001") }
            // Whichever field of the last row the id was taken from, or put into a longer word from: ids are that long.
            let field = rows.last?.object?.first { member in
                member.value.text.map { $0 == text || $0.utf8.count >= 16 && text.replacing($0, with: "") != text } ?? false
            }?.key
            guard let field, let last = rows.last?[field]?.text, let next = kept.last?[field] else { return value }
            return last == text ? next : .string(text.replacing(last, with: next.text ?? ""))
        }
    }

    func pageKey(_ arrival: Arrival, _ route: Route) -> String {
        "\(arrival.venue.dialect.venue) \(arrival.account?.uid ?? "") \(route.lane) \(route.endpoint)"
    }

    /// The page that was answered last, where this request asks for a following one.
    func pageBefore(_ arrival: Arrival, _ call: Call) -> HTTPResponse? {
        let follows = call.query.contains { pair in
            ["idLessThan", "cursor", "fromId", "id", "after"].contains(pair.name) || pair.name == "page" && pair.value != "1"
        }
        return follows ? lastPages[pageKey(arrival, call.route)] : nil
    }

    // MARK: Rows

    /// Writes a number of an answer's rows in another way.
    func odd(
        _ odd: Fault.OddNumber, _ route: Route, _ venue: Venue, _ random: inout SplitMix64, _ root: JSON
    ) -> JSON? {
        let paths = route.itemLists + [["data"], ["result"]]
        func rows(_ json: JSON?) -> [JSON]? { json?.array ?? json.flatMap { $0.object == nil ? nil : [$0] } }
        guard let path = paths.first(where: { rows(root.member(at: $0))?.isEmpty == false }) else { return nil }
        return root.replacing(at: path[...]) { found in
            guard var items = rows(found) else { return found }
            var picked = items.indices.filter { odd.rows != .strangers || isStranger(items[$0], venue) }
            if odd.rows == .one, !picked.isEmpty { picked = [picked[Int(random.below(UInt64(picked.count)))]] }
            for index in picked { items[index] = odd.written(into: items[index], &random) }
            return found.array == nil ? items[0] : .array(items)
        }
    }

    /// Whether a row is of an order that no request of a client placed.
    private func isStranger(_ row: JSON, _ venue: Venue) -> Bool {
        guard let id = row[venue.dialect.rowNames.order]?.text else { return false }
        return venue.exchange.known(id: id)?.requestNumber == 0
    }
}

extension JSON {
    /// What stands at a path of keys.
    func member(at path: [String]) -> JSON? { path.reduce(self as JSON?) { $0?[$1] } }

    /// The same with what stands at a path replaced.
    func replacing(at path: ArraySlice<String>, _ change: (JSON) -> JSON) -> JSON {
        guard let key = path.first else { return change(self) }
        guard case .object(let members) = self else { return self }
        return .object(members.map { $0.key == key ? ($0.key, $0.value.replacing(at: path.dropFirst(), change)) : $0 })
    }
}
