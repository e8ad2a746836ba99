import OMSCore
import Wire

/// The chain of seals against the rows that it covers.
extension JournalCheck {
    mutating func seals(_ witness: SealWitness, progress: (String) -> Void) throws(JournalError) {
        var chain = SealChain(witness, stretches: try SealedStretches(connection, archive: archive))
        // Those that stood when the check began: a writer that goes on cannot keep it from ending.
        let end = try connection.integer("SELECT max(last_seq) FROM seals") ?? 0
        var after = Int64.min
        while after < end {
            var seals: [Seal] = []
            do {
                let rows = try connection.prepare(
                    "SELECT \(Seal.columns) FROM seals WHERE last_seq > ? AND last_seq <= ? ORDER BY last_seq LIMIT 1000")
                try rows.bind(after, end)
                while try rows.step() { seals.append(try Seal.read(rows)) }
            }
            guard let last = seals.last else { break }
            after = last.last
            for seal in seals { try chain.check(seal, in: &report) }
            progress("seals up to number \(last.last)")
        }
        let recordEnd = try connection.completeEnd()
        report.seals.unsealed = max(0, recordEnd.subtractingReportingOverflow(chain.last?.last ?? 0).partialValue)
        chain.end(recordEnd: recordEnd, in: &report)
    }
}

/// One walk along the seals, oldest first.
private struct SealChain {
    private let witness: SealWitness
    private let stretches: SealedStretches
    private(set) var last: Seal?
    /// What the last one should have been, where it does not hold: if the next one follows from that, the row of the seal was changed and not its lines.
    private var doubted: (seal: Seal, asComputed: Digest256, lines: Int64)?
    private var expected: Int64 = 1
    private var headIsAt: Seal?
    private var lastSigned: Seal?

    init(_ witness: SealWitness, stretches: SealedStretches) { (self.witness, self.stretches) = (witness, stretches) }

    mutating func check(_ seal: Seal, in report: inout VerifyReport) throws(JournalError) {
        report.seals.count += 1
        guard seal.first > 0, seal.first <= seal.last, seal.last <= .farthest else {
            settle(in: &report)
            report.seals.add(broken: min(seal.first, seal.last)...max(seal.first, seal.last))
            return report.add("a seal speaks of numbers \(seal.first) to \(seal.last), which no omsd counts to")
        }
        defer { (last, expected) = (seal, seal.last + 1) }
        let words = "numbers \(seal.first) to \(seal.last)"
        checkSignature(of: seal, words, in: &report)
        guard SealForm.numbered(seal.form) != nil else {
            settle(in: &report)
            report.seals.add(broken: seal.first...seal.last)
            return report.add("\(words): their seal is of form \(seal.form), which this omsd does not know")
        }
        guard seal.first == expected else {
            settle(in: &report)
            return misplaced(seal, words, in: &report)
        }
        guard let content = try stretches.content(of: seal, in: &report) else {
            // What its lines are is not known. That a head is this seal is still something: those behind it are over it.
            settle(in: &report)
            if seal.digest == witness.head { headIsAt = seal }
            return
        }
        let former = last?.digest ?? Seal.none
        let computed = content.seal(lines: seal.lines, at: seal.at, former: former)
        let holds = computed == seal.digest
        let holdsBehind = doubted.map { content.seal(lines: seal.lines, at: seal.at, former: $0.asComputed) == seal.digest } ?? false
        settle(in: &report, sealWasChanged: holdsBehind && !holds)
        if holds || holdsBehind {
            if seal.digest == witness.head { headIsAt = seal }
        } else {
            doubted = (seal, computed, content.lines)
        }
    }

    /// Says what is wrong with the one that does not hold, once it is known what the next one says of it.
    private mutating func settle(in report: inout VerifyReport, sealWasChanged: Bool = false) {
        guard let (seal, _, lines) = doubted else { return }
        doubted = nil
        report.seals.add(broken: seal.first...seal.last)
        let words = "numbers \(seal.first) to \(seal.last)"
        if sealWasChanged { return report.add("\(words): their seal was changed; by the next one they hold") }
        var problem = "\(words): they do not give their seal"
        if lines != seal.lines { problem += "; it speaks of \(seal.lines) lines, \(lines) are there" }
        if seal.first > 1 { problem += ". Or what the seal before covers was changed, and sealed anew" }
        report.add(problem)
    }

    /// A seal that does not begin where the one before ended: without that one nothing can be said of its own lines.
    private mutating func misplaced(_ seal: Seal, _ words: String, in report: inout VerifyReport) {
        if seal.first > expected {
            report.seals.add(broken: expected...seal.first - 1)
            report.add(
                "numbers \(expected) to \(seal.first - 1): no seal covers them: one was removed. Whether \(words) hold cannot be told without it")
        } else {
            report.seals.add(broken: seal.first...seal.last)
            report.add("\(words): their seal begins within the one before, which ends at \(expected - 1)")
        }
    }

    private mutating func checkSignature(of seal: Seal, _ words: String, in report: inout VerifyReport) {
        guard let key = witness.publicKey, let signature = seal.signature, signature.key == key.fingerprint else { return }
        guard key.isSignature(signature.bytes, of: seal.digest.bytes) else {
            report.seals.add(broken: seal.first...seal.last)
            return report.add("\(words): their seal names the key \(key.fingerprint), and is not signed with it")
        }
        lastSigned = seal
    }

    mutating func end(recordEnd: Int64, in report: inout VerifyReport) {
        settle(in: &report)
        report.seals.head = last
        if let last {
            if last.last > recordEnd { report.add("the record ends at number \(recordEnd), the last seal at \(last.last): its end was cut off") }
            let rest = report.seals.unsealed == 0 ? "nothing is behind it" : "\(report.seals.unsealed) numbers behind it are in no seal yet"
            report.note("sealed up to number \(last.last), head \(hex(last.digest.bytes)); \(rest)")
        } else {
            report.note("nothing is sealed yet: what was changed with care is not seen")
        }
        sayHead(in: &report)
        saySignatures(in: &report)
        if witness.isNobody, last != nil {
            report.note(
                "the seals are held against each other alone: a chain that was made anew as a whole is found only by a head that was kept elsewhere "
                    + "(--head HEX) or by its signatures (--public-key FILE)")
        }
    }

    private func sayHead(in report: inout VerifyReport) {
        guard let head = witness.head else { return }
        if let headIsAt {
            report.note("head \(hex(head.bytes)) is the seal up to number \(headIsAt.last)")
        } else {
            report.add(
                "head \(hex(head.bytes)) is no seal that holds here: the chain was made anew, its end was cut off, or this is another journal, or an older copy"
            )
        }
    }

    private func saySignatures(in report: inout VerifyReport) {
        guard let key = witness.publicKey else {
            if let signature = last?.signature { report.note("the last seal names the key \(signature.key); --public-key FILE checks that") }
            return
        }
        guard let lastSigned else { return report.add("no seal is signed with the key \(key.fingerprint)") }
        // Each seal is over the one before: what stands in front of one that is signed is vouched for with it.
        report.note("signed with the key \(key.fingerprint) up to number \(lastSigned.last)")
        if let last, last.last > lastSigned.last {
            let other = last.signature.map { "the last one names the key \($0.key)" } ?? "the last one bears no signature"
            report.add("numbers \(lastSigned.last + 1) to \(last.last): no seal from there on is signed with the key \(key.fingerprint); \(other)")
        }
    }
}
