import OMSCore
import Testing
import Wire

@testable import Venues

@Suite struct `Signatures and ids of AscendEX` {
    @Test func `what is signed of a path is its end, as each of seventeen vectors says`() throws {
        let vectors = try SignatureVector.all("ascendex")
        #expect(vectors.count == 17)
        for vector in vectors {
            #expect(AscendEX.signedPath(vector.request(headers: []).path) == vector.text("api_path"), "\(vector.name)")
        }
    }

    @Test func `public paths carry no key`() {
        for ask in ["time", "instruments"] {
            var request = Situation.ascendex.adapter.request(for: Situation.ascendex.plan(Situation.ascendex.content(ask)))
            Situation.ascendex.adapter.sign(&request, timeMs: 1, with: SigningKey(keyID: "k", secret: [1, 2], passphrase: nil))
            #expect(request.headers.isEmpty)
        }
    }

    @Test(arguments: [
        ("sampleRequestId2", 1_613_878_579_169, "a177c2a8cfe1U0123456789equestId2"),
        ("int000001a1", 1_700_000_000_100, "a18bcfe56864U0123456789t000001a1"),
        ("int000001a2", 1_700_000_000_100, "a18bcfe56864U0123456789t000001a2"),
        ("123456789", 1, "a00000000001U0123456789123456789"),
    ]) func `an order's id follows from time, user and client id`(_ id: String, _ timeMs: Int64, _ expected: String) {
        #expect(Situation.ascendex.adapter.predictedID(clientOrderID: ClientOrderID(id), timeMs: timeMs, facts: Situation.facts)?.text == expected)
    }

    @Test func `no id is predicted without a user id of the known form, or from a client id the venue might not use`() {
        let adapter = Situation.ascendex.adapter
        #expect(adapter.predictedID(clientOrderID: "int000001a1", timeMs: 1, facts: nil) == nil)
        #expect(adapter.predictedID(clientOrderID: "int000001a1", timeMs: 1, facts: AccountFacts(uid: "0123456789")) == nil)
        #expect(adapter.predictedID(clientOrderID: "short", timeMs: 1, facts: Situation.facts) == nil)
        #expect(adapter.predictedID(clientOrderID: "int_00001a1", timeMs: 1, facts: Situation.facts) == nil)
    }

    @Test func `cancels of different commands end in different nine characters`() {
        let tails = [CommandID(1), CommandID(36), CommandID(.max), CommandID(999_999_999)].map { AscendEX.cancelID($0).suffix(9) }
        #expect(Set(tails).count == 4)
        #expect(AscendEX.cancelID(70) == "cancelZ0000001y")
    }
}
