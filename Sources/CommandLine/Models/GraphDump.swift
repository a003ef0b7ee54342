import LatheDiagnostics
import LatheFiles
import LatheIR
import LathePassKit

/// Writes graphs as text beside the output, as `--dump-after` asks.
struct GraphDump {
  let passes: [String]
  let output: String

  /// Writes `OUTPUT.07.fuse-attention.ir` if the pass is among those wanted.
  func write(_ graph: Graph, after pass: PassID, _ number: Int) throws(Diagnostic) {
    guard passes.contains(pass.rawValue) else { return }
    let name = String(pass.rawValue.map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "-" })
    let step = number + 1 < 10 ? "0\(number + 1)" : "\(number + 1)"
    let path = "\(output).\(step).\(name).ir"
    try OutputFile.write(Array(GraphPrinter().print(graph).utf8), to: path)
    Terminal.error.writeLine("the graph after \(pass) is in \(path)")
  }
}
