import CLinux
import Containers
import TestSupport

/// What becomes of writes that were not synced when the power went.
enum Loss: CaseIterable {
    case none, all
    /// Only the first so many arrived.
    case prefix
    /// Each sector arrived or not, by itself: disks promise no order.
    case sectors512, pages4096
}

/// What a process did to a journal, in order, over what was there before: every state that a power cut may leave can be made from it.
struct DiskHistory {
    let steps: [Tap.Step]
    private let base: [Tap.Step.File: [UInt8]]

    /// - Parameter base: The files as they were when the record began.
    init(steps: [Tap.Step], base: [Tap.Step.File: [UInt8]]) { (self.steps, self.base) = (steps, base) }

    /// The journal's files as they lie there now.
    static func files(of journal: String) -> [Tap.Step.File: [UInt8]] {
        [.main: readBytes(journal) ?? [], .wal: readBytes(journal + "-wal") ?? []]
    }

    /// Writes and syncs of the file itself: only checkpoints touch it.
    var checkpointSteps: [Int] { steps.indices.filter { steps[$0].file == .main && [.write, .sync].contains(steps[$0].kind) } }

    /// Where the WAL is begun anew after a checkpoint moved all of it: a header over the old one.
    var walResets: [Int] {
        let hasBegun = (base[.wal] ?? []).isEmpty ? 1 : 0
        return Array(steps.indices.filter { steps[$0].file == .wal && steps[$0].kind == .write && steps[$0].offset == 0 }.dropFirst(hasBegun))
    }

    /// Writes to `path` what the disk may hold when the power goes before step `cut`. - Returns: whether something written was not synced by then.
    @discardableResult
    func leave(at path: String, cut: Int, loss: Loss, honoursSync: Bool = true, random: inout SplitMix64) throws -> Bool {
        var files = base
        var pending: [Tap.Step] = []
        for step in steps[..<cut] {
            switch step.kind {
            case .write, .truncate: pending.append(step)
            case .unlink: throw Unexpected("a file of the journal was removed: not thought of here")
            case .sync:
                guard honoursSync else { continue }
                apply(pending.filter { $0.file == step.file }, to: &files)
                pending.removeAll { $0.file == step.file }
            case .toVenue, .toClient, .failure: break
            }
        }
        switch loss {
        case .none: apply(pending, to: &files)
        case .all: break
        case .prefix: apply(Array(pending.prefix(Int.random(in: 0...pending.count, using: &random))), to: &files)
        case .sectors512: apply(torn(pending, 512, &random), to: &files)
        case .pages4096: apply(torn(pending, 4_096, &random), to: &files)
        }
        for (file, name) in [(Tap.Step.File.main, path), (.wal, path + "-wal")] { try writeBytes(files[file] ?? [], to: name) }
        return !pending.isEmpty
    }

    private func apply(_ writes: [Tap.Step], to files: inout [Tap.Step.File: [UInt8]]) {
        for write in writes {
            if write.kind == .truncate {
                let size = files[write.file]?.count ?? 0
                if size > write.offset { files[write.file]?.removeLast(size - write.offset) }
                if size < write.offset { files[write.file]?.append(contentsOf: repeatElement(0, count: write.offset - size)) }
                continue
            }
            let end = write.offset + write.bytes.count
            let size = files[write.file]?.count ?? 0
            if size < end { files[write.file]?.append(contentsOf: repeatElement(0, count: end - size)) }
            files[write.file]?.replaceSubrange(write.offset..<end, with: write.bytes)
        }
    }

    /// The writes as the sectors that arrived, a coin for each.
    private func torn(_ writes: [Tap.Step], _ sector: Int, _ random: inout SplitMix64) -> [Tap.Step] {
        writes.flatMap { write -> [Tap.Step] in
            guard write.kind == .write else { return Bool.random(using: &random) ? [write] : [] }
            var pieces: [Tap.Step] = []
            var at = 0
            while at < write.bytes.count {
                let next = min(write.bytes.count, (write.offset + at) / sector * sector + sector - write.offset)
                if Bool.random(using: &random) {
                    let from = write.bytes.startIndex
                    pieces.append(Tap.Step(kind: .write, file: write.file, offset: write.offset + at, bytes: write.bytes[from + at..<from + next]))
                }
                at = next
            }
            return pieces
        }
    }
}
