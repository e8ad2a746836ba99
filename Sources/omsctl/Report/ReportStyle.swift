/// How the page looks: light and dark as the reader's machine has it, black on white when printed. No script, no font and no picture from outside.
enum ReportStyle {
    static let css: HTMLText = """
        :root {
          color-scheme: light dark;
          --ink: #1b1f24; --soft: #59636e; --page: #ffffff; --panel: #f6f8fa; --rule: #d1d9e0; --good: #1a7f37; --bad: #b42318;
          --filled: #00845a; --resting: #3f8fc8; --canceled: #8a929b; --refused: #cf4a12; --given-up: #c98a00; --waiting: #a85d92;
            --unknown: #1b1f24;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ink: #e6edf3; --soft: #9aa4af; --page: #0d1117; --panel: #161b22; --rule: #30363d; --good: #4ac26b; --bad: #ff8a75;
            --filled: #2fb287; --resting: #6cb2ea; --canceled: #8d96a0; --refused: #f0764a; --given-up: #e0b03c; --waiting: #d190bd;
              --unknown: #f0f3f6;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 76rem; padding: 1rem; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
        h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; }
        h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; padding-top: .5rem; border-top: 1px solid var(--rule); }
        h3 { font-size: 1rem; margin: 1.25rem 0 .35rem; }
        p { margin: .35rem 0; max-width: 60rem; }
        .soft, figcaption, caption, .legend { color: var(--soft); font-size: .875rem; }
        a { color: inherit; }
        nav { margin: .75rem 0; font-size: .875rem; }
        nav a { display: inline-block; margin-right: .9rem; padding: .15rem 0; }
        code { font: .85em ui-monospace, monospace; overflow-wrap: anywhere; }
        .findings { list-style: none; margin: 1rem 0; padding: .75rem 1rem; background: var(--panel); border: 1px solid var(--rule);
          border-radius: 6px; }
        .findings li { padding: .2rem 0 .2rem 4.2rem; text-indent: -4.2rem; }
        .findings b { display: inline-block; width: 3.6rem; margin-right: .6rem; text-indent: 0; text-align: center; border: 1px solid;
          border-radius: 3px; font-size: .75rem; }
        .ok b { color: var(--good); } .look b { color: var(--bad); border-width: 2px; }
        .tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); gap: .5rem; margin: 1rem 0; padding: 0;
          list-style: none; }
        .tiles li { background: var(--panel); border: 1px solid var(--rule); border-radius: 6px; padding: .5rem .75rem; }
        .tiles strong { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
        .wide { overflow-x: auto; margin: .5rem 0; }
        table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
        th, td { padding: .25rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
        th { color: var(--soft); font-weight: 600; white-space: nowrap; }
        th.n, td.n { text-align: right; white-space: nowrap; }
        td.t, td.t code { white-space: nowrap; }
        td.w { min-width: 14rem; overflow-wrap: anywhere; }
        tr.sum td { font-weight: 600; border-top: 2px solid var(--rule); }
        details { margin: .5rem 0; } summary { cursor: pointer; color: var(--soft); }
        .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1rem; }
        figure { margin: .5rem 0 0; } .plots > div { min-width: 0; }
        svg { display: block; width: 100%; height: auto; max-width: 40rem; }
        svg text { font: 10.5px system-ui, sans-serif; fill: var(--soft); }
        svg.bar { width: 104px; } svg.spark { width: 150px; height: 25px; }
        .axis { stroke: var(--soft); } .grid { stroke: var(--rule); stroke-width: .6; }
        .frame { fill: none; stroke: var(--soft); } .allowed { stroke: var(--soft); stroke-dasharray: 3 2; vector-effect: non-scaling-stroke; }
        rect.used { fill: var(--resting); } rect.near { fill: var(--given-up); } rect.over { fill: var(--bad); }
        path.p50, path.p99 { fill: none; stroke-width: 1.6; } path.p50 { stroke: var(--resting); }
        path.p99 { stroke: var(--refused); stroke-dasharray: 5 3; }
        circle.p50 { fill: var(--resting); } circle.p99 { fill: var(--refused); }
        .key { white-space: nowrap; margin-right: .8rem; }
        .key i { display: inline-block; width: .8rem; height: .8rem; margin-right: .3rem; vertical-align: -.1rem; }
        .key i.p50 { background: var(--resting); } .key i.p99 { background: var(--refused); }
        rect.filled { fill: var(--filled); } rect.resting { fill: var(--resting); } rect.canceled { fill: var(--canceled); }
        rect.refused { fill: var(--refused); }
        rect.given-up { fill: var(--given-up); } rect.waiting { fill: var(--waiting); } rect.unknown { fill: var(--unknown); }
        i.filled { background: var(--filled); } i.resting { background: var(--resting); } i.canceled { background: var(--canceled); }
        i.refused { background: var(--refused); }
        i.given-up { background: var(--given-up); } i.waiting { background: var(--waiting); } i.unknown { background: var(--unknown); }
        @media print {
          :root { --ink: #000; --soft: #444; --page: #fff; --panel: #fff; --rule: #bbb; }
          body { max-width: none; padding: 0; font-size: 10pt; } nav { display: none; } h2 { break-after: avoid; }
          figure, .findings, tr { break-inside: avoid; }
          .wide { overflow: visible; } table { font-size: 8pt; } th, td { padding: .15rem .35rem; } td.w { min-width: 0; }
          * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
        }
        """
}
