import OMSCore

/// What the lines under a seal are, wherever they lie.
struct SealedStretches {
    private let connection: Connection
    private let reader: SealReader
    /// By the number of their row; nil: the archive is not to be read.
    private let files: [Int64: SealReader]?
    /// Nothing is archived: then nothing can move while a stretch is read.
    private let isWhole: Bool

    init(_ connection: Connection, archive: [(row: ArchiveRow, file: Connection)]?) throws(JournalError) {
        self.connection = connection
        reader = try SealReader(connection, form: .newest)
        isWhole = try connection.integer("SELECT 1 FROM archives WHERE state <> 'filling' LIMIT 1") == nil
        var files: [Int64: SealReader] = [:]
        for (row, file) in archive ?? [] { files[row.id] = try SealReader(file, form: .newest) }
        self.files = archive == nil ? nil : files
    }

    /// nil: some of it cannot be read, which is counted.
    func content(of seal: Seal, in report: inout VerifyReport) throws(JournalError) -> SealReader.Content? {
        if isWhole { return try reader.content(from: seal.first, to: seal.last) }
        // Lines may be on their way to a file.
        let content = try connection.snapshot { () throws(JournalError) -> SealReader.Content? in
            var elsewhere: [Int64: [ClosedRange<Int64>]] = [:]
            for run in try connection.archivedRuns(from: seal.first, to: seal.last) {
                elsewhere[run.archive, default: []].append(max(run.first, seal.first)...min(run.last, seal.last))
            }
            var readers: [SealReader.Elsewhere] = []
            for (archive, numbers) in elsewhere.sorted(by: { $0.key < $1.key }) {
                guard let file = files?[archive] else { return nil }
                readers.append(SealReader.Elsewhere(reader: file, numbers: numbers))
            }
            return try reader.content(from: seal.first, to: seal.last, with: readers)
        }
        if content == nil { report.seals.notChecked += 1 }
        return content
    }
}
