import ControlAPI
import OMSCore

extension PositionList.Result {
    init(_ rows: [PositionSnapshot], next: Int64?) {
        self.init()
        self.next = next
        positions = rows.map { snapshot in
            let row = snapshot.row
            var shown = ShownPosition()
            (shown.account, shown.symbol, shown.positionSide) = (row.account.text, row.key.symbol.text, row.key.positionSide?.rawValue)
            (shown.position, shown.bought, shown.sold) = (row.position?.description, row.bought?.description, row.sold?.description)
            (shown.feesInBase, shown.fills, shown.lastFillAt) = (row.feesInBase?.description, Int64(row.fills), row.lastFillAt)
            (shown.unlistedBought, shown.unlistedSold) = (row.unlistedBought?.description, row.unlistedSold?.description)
            shown.inDoubt = Int64(snapshot.inDoubt)
            return shown
        }
    }
}

extension RiskGet.Result {
    init(_ all: [RuleStanding]) {
        self.init()
        rules = all.map { standing in
            var shown = ShownRule()
            (shown.account, shown.rule) = (standing.account.text, standing.rule)
            (shown.symbol, shown.positionSide) = (standing.symbol?.text, standing.positionSide?.rawValue)
            (shown.limit, shown.used, shown.note) = (standing.limit, standing.used, standing.note)
            return shown
        }
    }
}
