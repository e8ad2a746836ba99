/// What a peer of the control socket may do. Each role may do all that lower ones may.
package enum Role: Int, Comparable, Sendable, CaseIterable {
    case viewer = 1
    case trader, `operator`
    package static func < (left: Role, right: Role) -> Bool { left.rawValue < right.rawValue }
    package var name: String {
        switch self {
        case .viewer: "viewer"
        case .trader: "trader"
        case .operator: "operator"
        }
    }
}
