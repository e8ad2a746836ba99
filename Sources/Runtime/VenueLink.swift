import OMSCore
import Venues
import Wire

/// One account's way to its venue: how to speak, where, and with which key.
package struct VenueLink: Sendable {
    package let adapter: any VenueAdapter
    package let origin: HTTPOrigin
    package let key: SigningKey
    package init(adapter: any VenueAdapter, origin: HTTPOrigin, key: SigningKey) {
        (self.adapter, self.origin, self.key) = (adapter, origin, key)
    }

    /// The plan as bytes to send, and as the row that must be durable first.
    func encode(_ plan: RequestPlan, at now: Moment) -> (request: HTTPRequest, row: RequestRow) {
        let request = adapter.request(for: plan)
        let row = RequestRow(
            id: plan.id, account: plan.account, endpoint: "\(request.method) \(request.path)", kind: plan.kind, items: plan.items,
            timeMs: plan.timeMs,
            signedAt: now.wall, bodySHA256: Digest256(sha256(request.body)), permits: plan.permits)
        return (request, row)
    }

    /// One attempt at the plan; its end comes back as an input.
    func exchange(_ plan: RequestPlan, _ request: HTTPRequest, post: @escaping @Sendable (Input) -> Void) -> HTTPExchange {
        let (adapter, key, id) = (adapter, key, plan.id)
        return HTTPExchange(
            id: id.number, origin: origin, request: request, sign: { adapter.sign(&$0, timeMs: plan.timeMs, with: key) }, staleAt: plan.staleAt,
            timeoutMs: plan.timeoutMs,
            completion: { end in
                switch end {
                case .answered(let response, let sentAt, let lastByteAt):
                    post(.answered(id, adapter.reading(response, of: plan), sentAt: Moment(sentAt), lastByteAt: Moment(lastByteAt)))
                case .notSent(let reason): post(.notSent(id, reason: reason))
                case .lost(let reason, let sentAt, let resetAt): post(.lost(id, reason: reason, sentAt: Moment(sentAt), resetAt: Moment(resetAt)))
                }
            })
    }
}

extension Moment {
    fileprivate init(_ time: TransportTime) { self.init(monotonic: time.monotonic, wall: time.wall) }
}
