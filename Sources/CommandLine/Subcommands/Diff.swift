import ArgumentParser
import LatheDiagnostics
import LatheEquivalence
import LatheIR
import LatheJSON

/// `lathe diff`: what changed between two models.
struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell what changed between two models; exit with 1 unless they are the same.",
    discussion: """
      Nodes are compared by the values they make, whose names fusions and quantization keep; weights that kernels read in another order are \
      brought into rows first. What was done to make the models (their records) is told, but does not make them different.
      """)

  @Argument(help: "The model before: \(ModelLoader.formats).")
  var before: String

  @Argument(help: "The model after: \(ModelLoader.formats).")
  var after: String

  @Flag(help: "Write JSON.")
  var json = false

  @Flag(help: "List everything, however long that is.")
  var all = false

  @OptionGroup var limits: LimitOptions

  func run() throws {
    try reportingDiagnostics { () throws(Diagnostic) in
      let limits = try limits.limits()
      let loader = ModelLoader(limits: limits)
      var left = try TracedModels.unpacked(loader.load(before).model, limits)
      let right = try TracedModels.unpacked(loader.load(after).model, limits)
      left.graph = try left.graph.named(like: right.graph)
      let difference = ModelDifference(left, right)
      if json {
        Terminal.output.writeLine(difference.json.serialized(pretty: true))
      } else {
        Terminal.output.write(untrusted: DifferenceText(difference, before: before, after: after, most: all ? .max : 12).text)
      }
      guard difference.isEmpty else {
        throw Diagnostic("diff/different", .brokenPromise, "\(after) is another model than \(before)")
      }
    }
  }
}
