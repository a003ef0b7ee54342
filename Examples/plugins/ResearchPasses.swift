// Two passes in one file: a rewrite rule, and a pass that edits weights.
//
//   lathe convert model.onnx -o model.lathe --samples dev.jsonl --plugin Examples/plugins/ResearchPasses.swift \
//     --pass example/multiply-by-reciprocal --pass example/prune-magnitude:sparsity=0.2

import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Divides by a constant by multiplying with its reciprocal.
///
/// ```
/// %y = Div(%x, @c)        %y = Mul(%x, @c.reciprocal)
/// ```
struct MultiplyByReciprocal: RewritePass {
  static let id: PassID = "example/multiply-by-reciprocal"
  static let summary = "multiply by the reciprocal instead of dividing by a constant"

  init(options: NoOptions) {}

  var guarantee: Guarantee { .sameMathematics(relative: 1e-5) }

  var rules: [RewriteRule] {
    [
      RewriteRule(
        "division by a constant", pattern: .op(Div.self, "x", .constant("c")),
        check: { (match, graph) throws(Diagnostic) in
          guard let divisor = graph.constant(try match.value("c")), divisor.dtype == .float32 else {
            return "only 32-bit floats are divided approximately"
          }
          let isRegular = divisor.doubles()?.allSatisfy { $0.isNormal && (1 / $0).isNormal } ?? false
          return isRegular ? nil : "the reciprocal is not a normal number"
        },
        rewrite: { (match, site, graph) throws(Diagnostic) in
          let divisor = try match.value("c")
          guard let tensor = graph.constant(divisor), let values = tensor.doubles() else { return [] }
          let reciprocals = try Tensor(values.map { Float(1 / $0) }, shape: tensor.shape)
          let factor = try site.constant("\(graph[divisor].name).reciprocal", reciprocals, in: &graph)
          return [try site.add(Mul(), [try match.value("x"), factor], to: &graph)]
        })
    ]
  }
}

/// Sets the smallest weights of each matrix to zero.
struct PruneMagnitude: Pass {
  struct Options: PassOptions {
    /// Share of each matrix that becomes zero, 0 to 1.
    var sparsity = 0.1
    init() {}
  }

  static let id: PassID = "example/prune-magnitude"
  static let summary = "set the smallest weights of each matrix to zero"

  private let sparsity: Double

  init(options: Options) { sparsity = options.sparsity }

  var guarantee: Guarantee { .approximate(metric: .cosine, bound: 0.9) }

  func run(on graph: inout Graph, in context: PassContext) throws(Diagnostic) -> PassOutcome {
    guard (0...1).contains(sparsity) else {
      throw Diagnostic("example/sparsity", .usage, "sparsity is 0 to 1, not \(sparsity)")
    }
    var outcome = PassOutcome()
    for id in graph.constants {
      guard let weights = graph.constant(id), weights.rank == 2, weights.elementCount > 0 else { continue }
      let name = "@\(graph[id].name)"
      guard weights.dtype == .float32, let values = weights.doubles() else {
        outcome.record(name, .declined("it is \(weights.dtype), not f32"))
        continue
      }
      let threshold = values.map(abs).sorted()[min(values.count - 1, Int(sparsity * Double(values.count)))]
      let kept = values.map { abs($0) < threshold ? 0 : Float($0) }
      graph.setConstant(try Tensor(kept, shape: weights.shape), of: id)
      outcome.record(name, .done)
    }
    return outcome
  }
}

@_cdecl("lathe_swift_plugin")
public func plugin() -> UnsafeRawPointer { PluginExport.passes([MultiplyByReciprocal.self, PruneMagnitude.self]) }
