import TestSupport
import Testing
import Wire

@testable import Simulator

@Suite struct `Who is let on a stream` {
    private func vectors() throws -> [JSON] {
        let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let bytes = try #require(readBytes(folder + "/Fixtures/stream-login.json"))
        return try #require(try JSONParser.parse(bytes).array)
    }

    private func account(_ vector: JSON, _ venue: String, _ product: String) -> SimAccount {
        SimAccount(
            venue: venue, products: [product], uid: "U0000000001", key: vector["key"]?.string ?? "", secret: vector["secret"]?.string ?? "",
            passphrase: vector["passphrase"]?.string, name: "v")
    }

    @Test(arguments: ["bitget-margin", "bitget-uta"])
    func `Bitget takes the published login in seconds and in milliseconds, up to 30 s to either side`(venue: String) throws {
        for vector in try vectors() where vector["name"]?.string?.hasPrefix("bitget-login") == true {
            let stamp = try #require(vector["timestamp"]?.string)
            let ms = try #require(Int64(stamp)) * (stamp.utf8.count == 10 ? 1_000 : 1)
            for (offset, code) in [(Int64(0), Int64(0)), (30_000, 0), (-30_000, 0), (30_001, 30_014), (-30_001, 30_014)] {
                let bench = try StreamBench(accounts: [account(vector, venue, venue == "bitget-uta" ? "spot" : "isolated")])
                bench.bench.nowMs = ms + offset
                let id = try bench.open(venue == "bitget-uta" ? "/v3/ws/private" : "/v2/ws/private")
                let answers = bench.say(try #require(vector["message"]?.string), on: id)
                let answer = try JSONParser.parse(Array(try #require(answers.first).utf8))
                #expect(answer["code"] == .number(String(code)), "\(offset): \(answers)")
                #expect(answer["event"]?.string == (code == 0 ? "login" : "error"))
            }
        }
    }

    @Test func `Bitget names what is wrong with a login: key, passphrase, stamp, signature`() throws {
        let bench = try StreamBench()
        let account = try bench.bench.account("bitget-uta", "spot")
        let stranger = try bench.bench.account("xt-spot", "spot")
        let now = String(bench.bench.nowMs / 1_000)
        for (message, code) in [
            (bench.login(stranger), "30011"), (bench.login(account, passphrase: "x"), "30012"), (bench.login(account, stamp: "now"), "30013"),
            (bench.login(account, stamp: "1"), "30014"), (bench.login(account, stamp: now, secret: "x"), "30015"), ("{\"op\":\"login\"}", "30016"),
        ] {
            let id = try bench.open("/v3/ws/private")
            let answer = try #require(bench.say(message, on: id).first)
            #expect(answer.contains("\"code\":\(code)"), "\(answer)")
            #expect(bench.isOpen(id), "the unified line keeps the socket")
        }
        let margin = try bench.open("/v2/ws/private")
        bench.say(bench.login(try bench.bench.account("bitget-margin", "isolated"), passphrase: "x"), on: margin)
        #expect(!bench.isOpen(margin))
    }

    @Test func `a subscription before the login is 30004, and brings nothing`() throws {
        let bench = try StreamBench()
        let id = try bench.open("/v3/ws/private")
        #expect(try #require(bench.say(StreamBench.unifiedChannels, on: id).first).contains("\"code\":30004"))
        bench.say(bench.login(try bench.bench.account("bitget-uta", "spot")), on: id)
        _ = try bench.place("bitget-uta", "spot", "BTCUSDT")
        #expect(bench.texts(id).isEmpty)
    }

    @Test func `XT's and AZ's tokens are given for the published signatures, one in 10 s`() throws {
        for (name, venue, product) in [("xt-spot-ws-token", "xt-spot", "spot"), ("az-spot-ws-token", "az-futures", "usdt")] {
            let vector = try #require(try vectors().first { $0["name"]?.string == name })
            let bench = try StreamBench(accounts: [account(vector, venue, product)])
            bench.bench.nowMs = try #require(Int64(vector["timestamp"]?.string ?? ""))
            let request = HTTPRequest(
                "POST", vector["path"]?.string ?? "",
                headers: [
                    HTTPHeader("validate-algorithms", "HmacSHA256"), HTTPHeader("validate-appkey", vector["key"]?.string ?? ""),
                    HTTPHeader("validate-recvwindow", "5000"), HTTPHeader("validate-timestamp", vector["timestamp"]?.string ?? ""),
                    HTTPHeader("validate-signature", vector["expected_signature"]?.string ?? ""),
                ])
            #expect(try bench.bench.send(request).json.text("result.accessToken") != nil, "\(name)")
            #expect(try bench.bench.send(request).status == 429, "\(name)")
        }
    }

    @Test func `AZ's listen key is given for the published signature`() throws {
        let vector = try #require(try vectors().first { $0["name"]?.string == "az-futures-listen-key" })
        let bench = try StreamBench(accounts: [account(vector, "az-futures", "usdt")])
        bench.bench.nowMs = try #require(Int64(vector["timestamp"]?.string ?? ""))
        let request = HTTPRequest(
            "GET", vector["path"]?.string ?? "",
            headers: [
                HTTPHeader("validate-appkey", vector["key"]?.string ?? ""), HTTPHeader("validate-timestamp", vector["timestamp"]?.string ?? ""),
                HTTPHeader("validate-signature", vector["expected_signature"]?.string ?? ""),
            ])
        #expect(try bench.bench.send(request).json.text("result") != nil)
    }

    @Test func `AscendEX takes the published signature at the upgrade and by message, and greets by who it is`() throws {
        let vector = try #require(try vectors().first { $0["name"]?.string == "ascendex-stream-auth" })
        let bench = try StreamBench(accounts: [account(vector, "ascendex", "cash")])
        bench.bench.nowMs = try #require(Int64(vector["timestamp"]?.text ?? ""))
        let headers = (vector["upgrade_headers"]?.object ?? []).map { HTTPHeader($0.key, $0.value.string ?? "") }
        let known = try bench.open("/6/api/pro/v1/stream", headers: headers)
        #expect(bench.texts(known, after: 0) == [#"{"m":"connected","type":"auth"}"#])
        let stranger = try bench.open("/6/api/pro/v1/stream")
        #expect(bench.texts(stranger, after: 0) == [#"{"m":"connected","type":"unauth"}"#])
        #expect(bench.say(try #require(vector["message"]?.string), on: stranger) == [#"{"m":"auth","id":"x1","code":0}"#])
        #expect(bench.status("/5/api/pro/v1/stream", headers: headers) == 401, "another group")
        bench.bench.nowMs += 30_001
        #expect(bench.status("/6/api/pro/v1/stream", headers: headers) == 401, "a stale stamp")
    }

    @Test func `AZ's newer stream asks for its token at the upgrade, in three places, and says 401 to everything else`() throws {
        let bench = try StreamBench()
        let token = try bench.token(try bench.bench.account("az-futures", "usdt"), az: true)
        for (target, headers) in [
            ("/ws/account/futures?token=\(token)", []), ("/ws/account/futures?zToken=\(token)", []),
            ("/ws/account/futures", [HTTPHeader("Cookie", "a=b; zToken=\(token)")]),
            ("/ws/account/futures", [HTTPHeader("Authorization", "Bearer \(token)")]),
        ] {
            #expect(bench.status(target, headers: headers) == nil, "\(target) \(headers)")
        }
        #expect(bench.status("/ws/account/futures") == 401)
        #expect(bench.status("/ws/account/futures?token=x") == 401)
        #expect(bench.status("/ws/account/elsewhere?token=\(token)") == 401)
        bench.wait(86_400_000)
        #expect(bench.status("/ws/account/futures?token=\(token)") == 401, "its day is over")
    }

    @Test func `the ack's code is 200 at AZ's newer stream and 0 at the older one and at XT, and unknown channels are refused`() throws {
        let bench = try StreamBench()
        let newer = try bench.open("/ws/account/futures?token=\(try bench.token(try bench.bench.account("az-futures", "usdt"), az: true))")
        #expect(bench.say(#"{"method":"SUBSCRIBE","params":["order"],"id":"7"}"#, on: newer) == [#"{"id":"7","code":200,"msg":"success"}"#])
        #expect(bench.say(#"{"method":"SUBSCRIBE","params":["ordr"],"id":"8"}"#, on: newer).first?.contains("\"code\":400") == true)
        let xt = try bench.open("/private")
        let token = try bench.token(try bench.bench.account("xt-spot", "spot"))
        #expect(bench.say(#"{"method":"subscribe","params":["order"],"listenKey":"x","id":"1"}"#, on: xt).first?.contains("\"code\":2") == true)
        #expect(
            bench.say(#"{"method":"subscribe","params":["order"],"listenKey":"\#(token)","id":"1"}"#, on: xt).first?.contains("\"code\":0") == true)
        bench.wait(172_800_000)
        let late = try bench.open("/private")
        #expect(
            bench.say(#"{"method":"subscribe","params":["order"],"listenKey":"\#(token)","id":"1"}"#, on: late).first?.contains("\"code\":401")
                == true)

        let older = try StreamBench(["az-futures/stream": "older"])
        let key = try older.listenKey(try older.bench.account("az-futures", "usdt"))
        let id = try older.open("/ws/user")
        #expect(older.say(#"{"method":"SUBSCRIBE","params":["order@\#(key)"],"id":"1"}"#, on: id).first?.contains("\"code\":0") == true)
        #expect(older.say(#"{"method":"SUBSCRIBE","params":["order@x"],"id":"1"}"#, on: id) == ["order@invalid_listen_key"])
    }

    @Test(arguments: [("ends", false, true), ("keeps", true, true), ("same", true, true)])
    func `a second token ends the first, or not, as the switch has it`(renewal: String, isOldGood: Bool, isNewGood: Bool) throws {
        let bench = try StreamBench(["xt-spot/token_renewal": renewal])
        let account = try bench.bench.account("xt-spot", "spot")
        let id = try bench.stream("xt-spot")
        bench.wait(10_000)
        let new = try bench.token(account)
        _ = try bench.place("xt-spot", "spot", "btc_usdt")
        #expect(bench.texts(id).isEmpty != isOldGood)
        bench.say(#"{"method":"subscribe","params":["order"],"listenKey":"\#(new)","id":"2"}"#, on: id)
        _ = try bench.place("xt-spot", "spot", "btc_usdt", "o2")
        #expect(bench.texts(id).isEmpty != isNewGood)
    }
}
