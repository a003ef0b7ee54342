import LatheDiagnostics
import LatheIR
import LatheTensors

/// activation(X·W + B) + R: a fully connected layer with what follows it.
///
/// X is [… , inputs], W [inputs, outputs], B [outputs]; R has the shape of the result, [… , outputs].
public struct Linear: DefinedByDecomposition {
  public static let schema = OperatorSchema(
    "Linear", domain: "lathe", since: 1,
    inputs: [
      .init("X", "T", .floats), .init("W", "T", .floats), .init("B", "T", .floats, .optional),
      .init("R", "T", .floats, .optional),
    ],
    outputs: [.init("Y", "T", .floats)],
    attributes: ["activation": .string])

  /// Applied to the sum before the residual is added.
  public var activation: LinearActivation

  public init(activation: LinearActivation = .none) { self.activation = activation }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    activation = try attributes.choice("activation", default: .none)
  }

  public func encode(into attributes: inout Attributes) {
    if activation != .none { attributes.set("activation", activation.rawValue) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (x, w) = (try inputs.tensor(0), try inputs.tensor(1))
    if let rank = w.rank, rank != 2 { throw misfit("W should have 2 axes, but is \(w)") }
    if let rank = x.rank, rank == 0 { throw misfit("X should have an axis, but is \(x)") }
    let columns = w.shape?.last ?? .unknown
    if let inner = x.shape?.last, let rows = w.shape?.first, inner.isProvablyDifferent(from: rows) {
      throw misfit("\(x) does not fit weights of \(w)")
    }
    if let bias = try inputs.optional(2)?.tensor(), let shape = bias.shape {
      guard shape.count == 1, !shape[0].isProvablyDifferent(from: columns) else {
        throw misfit("a bias of \(bias) does not fit weights of \(w)")
      }
    }
    let shape = x.shape.map { Array($0.dropLast()) + [columns] }
    let result = TensorType(x.dtype, shape)
    if let residual = try inputs.optional(3)?.tensor(), let own = residual.shape, let shape {
      guard own.count == shape.count, !zip(own, shape).contains(where: { $0.isProvablyDifferent(from: $1) }) else {
        throw misfit("a residual of \(residual) does not fit a result of \(result)")
      }
    }
    return [.tensor(result)]
  }

  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    var y = try builder.add(MatMul(), [inputs.first ?? nil, inputs.count > 1 ? inputs[1] : nil])
    if inputs.count > 2, let bias = inputs[2] { y = try builder.add(Add(), [y, bias]) }
    y = try builder.activated(y, by: activation)
    if inputs.count > 3, let residual = inputs[3] { y = try builder.add(Add(), [y, residual]) }
    return [y]
  }

  private func misfit(_ message: String) -> Diagnostic { .invalid("operator/linear", "Linear: \(message)") }
}

extension Linear: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let x = inputs.optional(0)?.type.tensor?.shape, let y = outputs.first?.shape, let inner = x.last else { return nil }
    var map = AxisMap(inputs: inputs.count)
    let axes = y.map { map.axis($0) }
    let k = map.axis(inner, .contracted)
    let column = axes[axes.count - 1]
    map.inputs[0] = axes.dropLast() + [k]
    map.inputs[1] = [k, column]
    if inputs.optional(2) != nil { map.inputs[2] = [column] }
    if inputs.optional(3) != nil { map.inputs[3] = axes }
    map.outputs[0] = axes
    return map
  }
}
