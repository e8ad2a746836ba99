import OMSCore
import Store

/// `archive`: where closed orders go, and when.
struct ArchiveConfiguration: Sendable, Equatable {
    /// How long an order was closed before it may leave. 0...36,500. Default 30.
    let afterDays: Int64
    /// nil: `archive` beside the journal.
    let folder: String?
    /// Where the configuration names it, and the folder.
    var place: FilePlace?
    var folderPlace: FilePlace?

    static let days: ClosedRange<Int64> = 0...36_500
    static let daysDefault: Int64 = 30
}

extension Configuration {
    func archiveFolder(_ archive: ArchiveConfiguration) -> String { archive.folder ?? ArchiveFile.folder(besideJournal: journalPath) }

    /// What a start would refuse of the archive's folder. Makes the folder where its parent is there.
    ///
    /// - Parameter isRunning: the journal is open in this process.
    func checkArchive(isRunning: Bool) throws(ConfigurationError) {
        let problem: String?
        if let archive, let found = ArchiveFile.problem(ofFolder: archiveFolder(archive), journal: journalPath) {
            problem = found
        } else {
            problem = SQLiteJournal.archiveProblem(journal: journalPath, folder: archive.map { archiveFolder($0) }, isOpenHere: isRunning)
        }
        guard let problem else { return }
        let place = archive?.folderPlace ?? archive?.place
        throw ConfigurationError(
            problems: [
                ConfigurationProblem(file: path, line: place?.line, column: place?.column, key: "archive.folder", problem: problem.escapedForLog)
            ])
    }
}
