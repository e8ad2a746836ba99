// The program is libFuzzer's; what it calls is in Tests/FuzzTests/Targets.
