/// The numbered SQL files of this folder, embedded in the binary.
package enum Migrations {
    package static let all: [(number: Int, name: String, sql: String)] = [
        (1, "0001_journal", String(decoding: PackageResources._001_journal_sql, as: UTF8.self)),
        (2, "0002_tried_from_outside", String(decoding: PackageResources._002_tried_from_outside_sql, as: UTF8.self)),
        (3, "0003_forms_of_content", String(decoding: PackageResources._003_forms_of_content_sql, as: UTF8.self)),
        (4, "0004_counted_permits", String(decoding: PackageResources._004_counted_permits_sql, as: UTF8.self)),
        (5, "0005_guards", String(decoding: PackageResources._005_guards_sql, as: UTF8.self)),
        (6, "0006_seals", String(decoding: PackageResources._006_seals_sql, as: UTF8.self)),
        (7, "0007_tags", String(decoding: PackageResources._007_tags_sql, as: UTF8.self)),
        (8, "0008_stream_origin", String(decoding: PackageResources._008_stream_origin_sql, as: UTF8.self)),
        (9, "0009_positions", String(decoding: PackageResources._009_positions_sql, as: UTF8.self)),
        (10, "0010_record", String(decoding: PackageResources._010_record_sql, as: UTF8.self)),
        (11, "0011_archive", String(decoding: PackageResources._011_archive_sql, as: UTF8.self)),
        (12, "0012_rehearsals", String(decoding: PackageResources._012_rehearsals_sql, as: UTF8.self)),
    ]
}
