import OMSCore
import Testing

/// Who an account is, by configuration and record.
@Suite struct IdentityCheckTests {
    private static func account(
        _ name: AccountID, _ venue: String = "az-futures", _ product: String = "usdt", uid: String = "1", at origin: String = "https://a:443",
        key: String? = "k"
    ) -> ConfiguredIdentity {
        ConfiguredIdentity(account: name, identity: AccountIdentity(venue: venue, product: product, uid: uid, origin: origin), key: key)
    }

    private static func pinned(
        _ name: AccountID, _ venue: String = "az-futures", _ product: String = "usdt", uid: String? = "1", at origin: String? = "https://a:443",
        keys: Set<String> = ["k"]
    ) -> PinnedIdentity {
        PinnedIdentity(account: name, venue: venue, product: product, uid: uid, origin: origin, keyInUse: keys.first, keys: keys)
    }

    @Test func `one account has one name, and one key one uid, also at another venue of the house`() {
        #expect(IdentityCheck.clashes([Self.account("a"), Self.account("b", "az-futures", "coin")]).isEmpty)
        #expect(IdentityCheck.clashes([Self.account("a"), Self.account("b", key: "other")]).map(\.account) == ["b"])
        #expect(IdentityCheck.clashes([Self.account("a"), Self.account("b", at: "https://b:443", key: nil)]).map(\.account) == ["b"])
        #expect(IdentityCheck.clashes([Self.account("a"), Self.account("b", uid: "2", key: "other")]).isEmpty)
        #expect(IdentityCheck.clashes([Self.account("a"), Self.account("b", uid: "2", key: nil)]).isEmpty)
        let bitget = [Self.account("a", "bitget-uta", "spot"), Self.account("b", "bitget-margin", "crossed", uid: "2")]
        #expect(IdentityCheck.clashes(bitget).first?.words.contains("uid 1") == true)
        #expect(IdentityCheck.clashes([Self.account("a"), Self.account("b", "xt-spot", "spot", uid: "2")]).isEmpty)
    }

    @Test func `what the record says otherwise is named on both sides, what it does not know is taken from the configuration`() {
        #expect(IdentityCheck.problems([Self.account("a")], pinned: [Self.pinned("a")]).isEmpty)
        #expect(IdentityCheck.problems([Self.account("a", key: "new")], pinned: [Self.pinned("a")]).isEmpty)
        #expect(IdentityCheck.problems([Self.account("a", uid: "2")], pinned: [Self.pinned("a", uid: nil, at: nil)]).isEmpty)
        #expect(IdentityCheck.problems([Self.account("b", uid: "2", key: "other")], pinned: [Self.pinned("a")]).isEmpty)
        for (other, word) in [
            (Self.account("a", uid: "2"), "uid 2"), (Self.account("a", at: "http://b:80"), "http://b:80"),
            (Self.account("a", "xt-spot", "spot"), "xt-spot"),
            (Self.account("a", "az-futures", "coin"), "coin"),
        ] {
            let words = IdentityCheck.problems([other], pinned: [Self.pinned("a")]).joined()
            #expect(words.contains("az-futures usdt, uid 1, https://a:443") && words.contains(word), "\(words)")
        }
    }

    @Test func `a stream at another place than on record is told with both, and one that is off, or on for the first time, is not`() {
        func account(_ stream: String?) -> ConfiguredIdentity {
            let plain = Self.account("a")
            return ConfiguredIdentity(account: "a", identity: plain.identity, key: plain.key, stream: stream)
        }
        var pinned = Self.pinned("a")
        #expect(IdentityCheck.problems([account("wss://s:443")], pinned: [pinned]).isEmpty)
        pinned.streamOrigin = "wss://s:443"
        #expect(IdentityCheck.problems([account("wss://s:443"), account(nil)], pinned: [pinned]).isEmpty)
        let words = IdentityCheck.problems([account("ws://127.0.0.1:80")], pinned: [pinned])
        #expect(words.count == 1 && words[0].contains("wss://s:443") && words[0].contains("ws://127.0.0.1:80"), "\(words)")
    }

    @Test func `a key that was another uid's is told, by the record of accounts that are configured or not, and by that of a first version`() {
        #expect(IdentityCheck.problems([Self.account("b", uid: "2")], pinned: [Self.pinned("a")]).count == 1)
        #expect(IdentityCheck.problems([Self.account("b", uid: "1")], pinned: [Self.pinned("a")]).isEmpty, "a rename, with all else as it was")
        let swapped = [Self.account("a", key: "kb"), Self.account("b", uid: "2", key: "ka")]
        for uid in ["1", nil] {
            let record = [Self.pinned("a", uid: uid, keys: ["ka"]), Self.pinned("b", uid: uid == nil ? nil : "2", keys: ["kb"])]
            #expect(IdentityCheck.problems(swapped, pinned: record).count == 2)
        }
    }
}
