/// Scripts that teach a shell omsctl's verbs, options and what the running daemon knows.
enum CompletionScript: String, CaseIterable, Sendable {
    case bash, zsh, fish

    /// - Parameter verbs: the table that the help is made from.
    func text(_ verbs: [VerbSpec]) -> String {
        switch self {
        case .bash: Self.bash(verbs)
        case .zsh: Self.zsh(verbs)
        case .fish: Self.fish(verbs)
        }
    }

    /// Options in front of a verb, and behind any.
    private static let common: [VerbSpec.Flag] = [
        .option("--socket", "PATH", "the control socket"), .switch("--json", "print the raw result"), .switch("--help", "print help"),
    ]

    private static func flags(of spec: VerbSpec) -> [VerbSpec.Flag] {
        spec.flags + common.filter { flag in !spec.flags.contains { $0.name == flag.name } }
    }

    /// Within single quotes of a shell.
    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    // MARK: bash and zsh

    /// What both shells are told, as functions that both read: `_omsctl_options VERB` sets `options`; `_omsctl_value VERB OPTION` sets `takes` and
    /// the `kind` of what follows; `_omsctl_operand VERB INDEX` sets the `kind` of an operand.
    private static func lookups(_ verbs: [VerbSpec]) -> String {
        var (options, values, operands) = ("", "", "")
        for spec in verbs {
            options += "        \(spec.name)) options=\(quoted(flags(of: spec).map(\.name).joined(separator: " "))) ;;\n"
            for flag in flags(of: spec) where flag.value != nil {
                values += "        \(quoted("\(spec.name) \(flag.name)"))) kind=\(quoted(Completing(option: flag).text)) ;;\n"
            }
            let places = Completing.operands(of: spec)
            let isEndless = spec.operandCount.upperBound > max(1, places.count)
            for (index, place) in places.enumerated() where place != .anything {
                let pattern = isEndless && index == places.count - 1 ? "\(spec.name)' '*" : quoted("\(spec.name) \(index)")
                operands += "        \(pattern)) kind=\(quoted(place.text)) ;;\n"
            }
        }
        return """
            _omsctl_options() {
                case $1 in
            \(options)    esac
            }
            _omsctl_value() {
                takes=yes
                case "$1 $2" in
            \(values)    *) takes=no ;;
                esac
            }
            _omsctl_operand() {
                case "$1 $2" in
            \(operands)    esac
            }
            """
    }

    private static func bash(_ verbs: [VerbSpec]) -> String {
        return """
            # bash completion for omsctl; printed by `omsctl completions bash`.
            _omsctl() {
                local line=${COMP_LINE:0:COMP_POINT} word verb='' previous='' socket='' options='' kind='' takes='' prefix='' operands=0 words=() candidates=() candidate
                # By blanks alone: ids and accounts may hold what bash takes for word breaks.
                read -r -a words <<<"$line"
                local current=''
                case $line in *[[:blank:]]) ;; *) current=${words[${#words[@]} - 1]}; unset "words[${#words[@]} - 1]" ;; esac
                local index=1 count=${#words[@]}
                while [ "$index" -lt "$count" ]; do
                    word=${words[index]}
                    index=$((index + 1))
                    previous=''
                    case $word in
                    --socket) previous=--socket; if [ "$index" -lt "$count" ]; then socket=${words[index]}; index=$((index + 1)); previous=''; fi; continue ;;
                    --socket=*) socket=${word#--socket=}; continue ;;
                    esac
                    if [ -z "$verb" ]; then case $word in -*) ;; *) verb=$word ;; esac; continue; fi
                    case $word in
                    --*=*) ;;
                    -?*)
                        _omsctl_value "$verb" "$word"
                        if [ "$takes" = yes ]; then previous=$word; if [ "$index" -lt "$count" ]; then index=$((index + 1)); previous=''; fi; fi
                        ;;
                    *) operands=$((operands + 1)) ;;
                    esac
                done
                if [ -z "$verb" ] && [ -z "$previous" ]; then
                    case $current in
                    --socket=*) kind=files; prefix=--socket=; current=${current#--socket=} ;;
                    -*) kind='words:--socket --json --help --version' ;;
                    *) kind=\(quoted("words:" + verbs.map(\.name).joined(separator: " "))) ;;
                    esac
                elif [ -n "$previous" ]; then
                    if [ "$previous" = --socket ]; then kind=files; else _omsctl_value "$verb" "$previous"; fi
                else
                    case $current in
                    --*=*) prefix=${current%%=*}=; _omsctl_value "$verb" "${prefix%=}"; current=${current#*=} ;;
                    -*) _omsctl_options "$verb"; kind="words:$options" ;;
                    *) _omsctl_operand "$verb" "$operands" ;;
                    esac
                fi
                case $kind in
                '') return ;;
                files) while IFS= read -r candidate; do candidates+=("$candidate"); done < <(compgen -f -- "$current") ;;
                words:*) read -r -a candidates <<<"${kind#words:}" ;;
                *) while IFS= read -r candidate; do candidates+=("$candidate"); done < <("${COMP_WORDS[0]}" ${socket:+--socket "$socket"} completions "$kind" 2>/dev/null) ;;
                esac
                # Lists with commas between go on behind the last one.
                if [ "${kind#words:}" != "$kind" ]; then case $current in *,*) prefix=$prefix${current%,*},; current=${current##*,} ;; esac; fi
                # What stands in front of a word break is not bash's to replace.
                local whole=$prefix$current skip='' break
                for break in = :; do
                    case $COMP_WORDBREAKS in *$break*) case $whole in *$break*) word=${whole%"$break"*}$break; [ ${#word} -le ${#skip} ] || skip=$word ;; esac ;; esac
                done
                for candidate in "${candidates[@]}"; do
                    case $candidate in "$current"*) candidate=$prefix$candidate; COMPREPLY+=("${candidate#"$skip"}") ;; esac
                done
                [ "$kind" != files ] || compopt -o filenames 2>/dev/null
            }
            \(lookups(verbs))
            complete -F _omsctl omsctl

            """
    }

    private static func zsh(_ verbs: [VerbSpec]) -> String {
        let named = verbs.map { quoted("\($0.name):\($0.summary.split(separator: ":").joined(separator: "\\:"))") }.joined(separator: " ")
        return """
            #compdef omsctl
            # zsh completion for omsctl; printed by `omsctl completions zsh`.
            _omsctl() {
                local word verb= previous= socket= options= kind= takes= current=${words[CURRENT]}
                local -i index=2 operands=0
                local -a candidates verbs
                while (( index < CURRENT )); do
                    word=${words[index]}
                    (( index += 1 ))
                    previous=
                    case $word in
                    --socket) previous=--socket; if (( index < CURRENT )); then socket=${words[index]}; (( index += 1 )); previous=; fi; continue ;;
                    --socket=*) socket=${word#--socket=}; continue ;;
                    esac
                    if [[ -z $verb ]]; then [[ $word = -* ]] || verb=$word; continue; fi
                    case $word in
                    --*=*) ;;
                    -?*) _omsctl_value "$verb" "$word"; if [[ $takes = yes ]]; then previous=$word; if (( index < CURRENT )); then (( index += 1 )); previous=; fi; fi ;;
                    *) (( operands += 1 )) ;;
                    esac
                done
                kind=
                if [[ -z $verb && -z $previous ]]; then
                    if [[ $current = -* ]]; then compadd -- --socket --json --help --version; return; fi
                    verbs=(\(named))
                    _describe -t verbs verb verbs
                    return
                elif [[ -n $previous ]]; then
                    if [[ $previous = --socket ]]; then kind=files; else _omsctl_value "$verb" "$previous"; fi
                elif [[ $current = --*=* ]]; then
                    _omsctl_value "$verb" "${current%%=*}"
                    compset -P '*='
                elif [[ $current = -* ]]; then
                    _omsctl_options "$verb"
                    compadd -- ${=options}
                    return
                else
                    _omsctl_operand "$verb" "$operands"
                fi
                case $kind in
                '') return 1 ;;
                files) _files ;;
                words:*) compset -P '*,'; compadd -- ${=kind#words:} ;;
                *) candidates=(${(f)"$(${(Q)words[1]} ${socket:+--socket} ${socket:+${(Q)socket}} completions $kind 2>/dev/null)"}); compadd -- $candidates ;;
                esac
            }
            \(lookups(verbs))
            if [ "$funcstack[1]" = _omsctl ]; then _omsctl "$@"; else compdef _omsctl omsctl; fi

            """
    }

    // MARK: fish

    private static func fishName(_ option: String) -> String {
        option.hasPrefix("--") ? "-l \(option.dropFirst(2))" : "-s \(option.dropFirst())"
    }

    private static func fish(_ verbs: [VerbSpec]) -> String {
        func list(_ place: Completing) -> String {
            switch place {
            case .words(let words): " -x -a \(quoted(words.joined(separator: " ")))"
            case .files: " -r -F"
            case .live(let live): " -x -a '(__omsctl_live \(live.rawValue))'"
            case .anything: " -x"
            }
        }
        func note(_ text: String) -> String { text.isEmpty ? "" : " -d \(quoted(text))" }
        var out = """
            # fish completion for omsctl; printed by `omsctl completions fish`.
            function __omsctl_live
                set -l words (commandline -opc)
                set -l socket
                for index in (seq (count $words))
                    if test "$words[$index]" = --socket; set socket --socket $words[(math $index + 1)]; end
                    if string match -q -- '--socket=*' $words[$index]; set socket $words[$index]; end
                end
                $words[1] $socket completions $argv[1] 2>/dev/null
            end
            complete -c omsctl -f
            complete -c omsctl -l socket -r -F -d 'the control socket'
            complete -c omsctl -l json -d 'print the raw result'
            complete -c omsctl -l help -d 'print help'
            complete -c omsctl -n __fish_use_subcommand -l version

            """
        for spec in verbs {
            out += "complete -c omsctl -n __fish_use_subcommand -a \(spec.name)\(note(spec.summary))\n"
            let seen = "-n '__fish_seen_subcommand_from \(spec.name)'"
            for flag in spec.flags where !common.contains(where: { $0.name == flag.name }) {
                out +=
                    "complete -c omsctl \(seen) \(Self.fishName(flag.name))\(flag.value == nil ? "" : list(Completing(option: flag)))\(note(flag.note))\n"
            }
            for place in Completing.operands(of: spec) where place != .anything {
                out += "complete -c omsctl \(seen)\(place == .files ? " -F" : list(place))\n"
            }
        }
        return out
    }
}
