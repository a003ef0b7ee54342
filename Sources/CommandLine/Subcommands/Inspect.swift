import ArgumentParser
import LatheDiagnostics
import LatheIR
import LatheJSON

/// `lathe inspect`: what is in a model.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a model's interface, operators, sizes and history.",
    discussion: """
      --text prints the graph in the text form; constants of more than a few elements stand there as fingerprints.
      --axes lists which axes of which weights run over the same indices, such as neurons, heads, channels and rows of a vocabulary, and \
      whether they may be cut. More of them may after `lathe convert --recipe simplify`, which folds the arithmetic on shapes.
      """)

  @Argument(help: "The model: \(ModelLoader.formats).")
  var model: String

  @Flag(help: "Write JSON.")
  var json = false

  @Flag(help: "Show the index spaces of the weights; goes with --json.")
  var axes = false

  @Flag(help: "Write the graph in the text form.")
  var text = false

  @Flag(help: "Write the graph for Graphviz.")
  var dot = false

  @Option(help: ArgumentHelp("With --text: write out constants of up to this many elements.", valueName: "elements"))
  var constants: Int?

  @OptionGroup var limits: LimitOptions

  mutating func validate() throws {
    guard [json, text, dot].count(where: { $0 }) <= 1 else {
      throw ValidationError("give one of --json, --text and --dot")
    }
    guard !axes || !text && !dot else { throw ValidationError("--axes goes with --json, but not with --text and --dot") }
    guard constants == nil || text else { throw ValidationError("--constants goes with --text") }
    guard constants.map({ $0 >= 0 }) ?? true else { throw ValidationError("--constants is 0 or more") }
  }

  func run() throws {
    try reportingDiagnostics { () throws(Diagnostic) in
      let loaded = try ModelLoader(limits: limits.limits()).load(model)
      if text {
        Terminal.output.write(untrusted: GraphPrinter(inlineElements: constants ?? 8).print(loaded.model.graph))
      } else if dot {
        Terminal.output.write(untrusted: GraphvizPrinter().print(loaded.model.graph))
      } else if axes {
        let report = AxisReport(loaded.model.graph)
        Terminal.output.write(untrusted: json ? report.json.serialized(pretty: true) + "\n" : report.text)
      } else {
        let summary = try ModelSummary(loaded, path: model)
        Terminal.output.write(untrusted: json ? summary.json.serialized(pretty: true) + "\n" : summary.text)
      }
    }
  }
}
