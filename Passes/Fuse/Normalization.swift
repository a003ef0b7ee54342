import LatheDiagnostics
import LatheIR
import LatheOperators
import LathePassKit
import LatheTensors

/// Recognizes LayerNormalization and RMSNormalization in their expanded forms over the last axis.
///
/// ```
/// %m = ReduceMean(%x, [-1])          →    %y = LayerNormalization(%x, @gamma, @beta)
/// %d = Sub(%x, %m)
/// %s = Pow(%d, 2)
/// %v = ReduceMean(%s, [-1])
/// %e = Add(%v, 1e-12)
/// %r = Sqrt(%e)
/// %n = Div(%d, %r)
/// %g = Mul(%n, @gamma)
/// %y = Add(%g, @beta)
/// ```
/// Ba et al. 2016; Zhang and Sennrich 2019.
public struct Normalization: RewritePass {
  public static let id: PassID = "fuse/normalization"
  public static let summary = "recognizes LayerNormalization and RMSNormalization in their expanded forms"

  public init(options: NoOptions) {}

  public var guarantee: Guarantee { .sameMathematics(relative: 1e-5) }

  public var rules: [RewriteRule] {
    [
      Self.core("layer normalization", of: Self.centred) { LayerNormalization(epsilon: $0) },
      Self.core("root mean square normalization", of: "x") { RMSNormalization(epsilon: $0) },
      Self.scaled(LayerNormalization.self), Self.scaled(RMSNormalization.self), Self.shifted,
    ]
  }

  /// x less its mean over the last axis.
  private static var centred: Pattern { .op(Sub.self, "x", mean(of: "x", as: "mean")) }

  private static func mean(of value: Pattern, as name: String) -> Pattern {
    .op(ReduceMean.self, value, .constant("\(name) axes"), as: name) { op in
      op.keepsAxes ? nil : "it drops the axis it reduces"
    }
  }

  /// numerator / √(mean(numerator²) + ε), without a scale as yet.
  private static func core(
    _ name: String, of numerator: Pattern, _ make: @escaping @Sendable (Float) -> any Operator
  ) -> RewriteRule {
    let square = Pattern.either([.op(Pow.self, numerator, 2), .op(Mul.self, numerator, numerator)])
    let root = Pattern.op(Sqrt.self, .op(Add.self, mean(of: square, as: "variance"), .constant("epsilon")))
    let pattern = Pattern.either([
      .op(Div.self, numerator, root), .op(Mul.self, numerator, .op(Reciprocal.self, root)),
      .op(Mul.self, numerator, .op(Div.self, 1, root)),
    ])
    return RewriteRule(name, pattern: pattern) { (match, graph) throws(Diagnostic) in
      guard graph.number(try match.value("epsilon")) != nil else { return "ε is not one number" }
      let x = try match.value("x")
      guard let shape = graph.shape(x), let extent = shape.last?.known, extent > 0 else {
        return "the extent of the last axis of %\(graph[x].name) is not known"
      }
      for axes in ["mean axes", "variance axes"].compactMap(match.optionalValue) {
        guard let numbers = graph.constant(axes)?.integers(), numbers == [-1] || numbers == [shape.count - 1] else {
          return "the mean is not over the last axis alone"
        }
      }
      return nil
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      let x = try match.value("x")
      let type = graph[x].type?.tensor
      let extent = type?.shape?.last?.known ?? 1
      let ones = try Tensor.filled(1, type?.dtype ?? .float32, count: extent)
      let scale = try site.constant("ones", ones, in: &graph)
      let epsilon = Float(graph.number(try match.value("epsilon")) ?? 0)
      return [try site.add(make(epsilon), [x, scale], to: &graph)]
    }
  }

  /// A factor for each element of the last axis, taken in as the scale.
  private static func scaled<Op: Operator>(_ type: Op.Type) -> RewriteRule {
    let pattern = Pattern.op(Mul.self, .op(type, "x", .constant("ones"), as: "norm"), .constant("scale"))
    return RewriteRule("scale of \(type.schema.name)", pattern: pattern) { (match, graph) throws(Diagnostic) in
      let ones = graph.constant(try match.value("ones"))
      guard let ones, ones.doubles()?.allSatisfy({ $0 == 1 }) == true else { return "it has a scale already" }
      return Self.misfit(try match.value("scale"), ones.shape, graph)
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      let op = graph[try match.node("norm")].op
      return [try site.add(op, [try match.value("x"), try match.value("scale")], to: &graph)]
    }
  }

  /// A term for each element of the last axis, taken in as the bias.
  private static var shifted: RewriteRule {
    let norm = Pattern.op(LayerNormalization.self, "x", .constant("scale"), as: "norm")
    return RewriteRule(
      "bias of LayerNormalization", pattern: .op(Add.self, norm, .constant("bias"))
    ) { (match, graph) throws(Diagnostic) in
      Self.misfit(try match.value("bias"), graph.constant(try match.value("scale"))?.shape ?? [], graph)
    } rewrite: { (match, site, graph) throws(Diagnostic) in
      let op = graph[try match.node("norm")].op
      let inputs = [try match.value("x"), try match.value("scale"), try match.value("bias")]
      return [try site.add(op, inputs, to: &graph)]
    }
  }

  private static func misfit(_ value: ValueID, _ shape: [Int], _ graph: Graph) -> String? {
    guard let own = graph.constant(value)?.shape, own != shape else { return nil }
    return "@\(graph[value].name) is \(own) where \(shape) is wanted"
  }
}

extension Tensor {
  /// A vector of one number again and again.
  static func filled(_ number: Double, _ dtype: DType, count: Int) throws(Diagnostic) -> Tensor {
    let floats = try Tensor(Array(repeating: Float(number), count: count), shape: [count])
    return dtype == .float32 ? floats : try Cast(to: dtype).evaluate([floats])[0]
  }
}
