import LatheDiagnostics
import LatheIR
import LatheTensors

/// A recurrent operator with one state: X, W, R, B, sequence_lens and initial_h give Y and Y_h.
///
/// Lengths, directions and layouts mean what they mean for LSTM. States and sums of floats of 16 bits are kept in `Float`.
protocol RecurrentLayer: FloatEvaluable {
  var settings: RecurrentSettings { get }
  /// Number of gates, whose weights lie one after another.
  static var gates: Int { get }
  /// Functions of one direction.
  static var defaultActivations: [String] { get }
  /// What one direction computes, given its functions.
  func cell(_ functions: [GateActivation]) -> RecurrentCell
}

/// The equations of one step.
enum RecurrentCell {
  case plain(GateActivation)
  /// Gates in the order update, reset, hidden.
  case gated(GateActivation, GateActivation, appliesResetToProduct: Bool)
}

extension RecurrentLayer {
  /// The operands that every such operator has.
  static var operands: [OperatorSchema.Operand] {
    [
      .init("X", "T", .floats), .init("W", "T", .floats), .init("R", "T", .floats), .init("B", "T", .floats, .optional),
      .init("sequence_lens", "T1", [.int32], .optional), .init("initial_h", "T", .floats, .optional),
    ]
  }

  static var results: [OperatorSchema.Operand] {
    [.init("Y", "T", .floats, .optional), .init("Y_h", "T", .floats, .optional)]
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let x = try inputs.tensor(0)
    let extents = try RecurrentExtents(inputs, settings, gates: Self.gates, name)
    let (steps, batch, hidden) = (extents.steps, extents.batch, extents.hidden)
    let directions = Dimension.known(settings.direction.count)
    let isBatchFirst = settings.isBatchFirst
    let state: Shape = isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
    let all: Shape = isBatchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden]
    return [all, state].map { .tensor(TensorType(x.dtype, $0)) }
  }

  func compute<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    if T.dtype == .float64 { return try layer(inputs, as: Double.self) }
    var wide: [Tensor?] = []
    for input in inputs {
      guard let input, input.dtype == T.dtype else {
        wide.append(input)
        continue
      }
      wide.append(try MatrixProduct.widened(input, from: T.self))
    }
    var result: [Tensor] = []
    for output in try layer(wide, as: Float.self) { result.append(try MatrixProduct.narrowed(output, to: T.self)) }
    return result
  }

  private func layer<T: FloatElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let extents = try RecurrentExtents(inputs.map { $0.map { Operand($0) } }, settings, gates: Self.gates, name)
    guard let steps = extents.steps.known, let batch = extents.batch.known, let hidden = extents.hidden.known else {
      throw Diagnostic("operator/inconsistent", .internalFault, "\(name) cannot tell the extents of its operands")
    }
    let (count, perPass) = (settings.direction.count, Self.defaultActivations.count)
    // Without a sequence or a state there is nothing to step through, however many steps there are.
    guard batch > 0, hidden > 0 else {
      let isBatchFirst = settings.isBatchFirst
      return [
        try Tensor([T](), shape: isBatchFirst ? [batch, steps, count, hidden] : [steps, count, batch, hidden]),
        try Tensor([T](), shape: isBatchFirst ? [batch, count, hidden] : [count, batch, hidden]),
      ]
    }
    let lengths = try sequenceLengths(inputs.optional(4), steps: steps, batch: batch)
    let functions = try settings.functions(Self.defaultActivations, name)
    var x = try inputs.required(0)
    if settings.isBatchFirst { x = try x.permuted([1, 0, 2]) }
    var (sequences, last): ([T], [T]) = ([], [])
    for pass in 0..<count {
      let cell = cell(Array(functions[pass * perPass..<(pass + 1) * perPass]))
      var run = try RecurrentPass<T>(
        inputs, settings, cell, pass: pass, gates: Self.gates, steps: steps, batch: batch, hidden: hidden)
      sequences += try run.output(x, lengths, isReverse: settings.direction == .reverse || pass == 1)
      last += run.state
    }
    var y = try Tensor(sequences, shape: [count, steps, batch, hidden])
    var h = try Tensor(last, shape: [count, batch, hidden])
    y = try y.permuted(settings.isBatchFirst ? [2, 1, 0, 3] : [1, 0, 2, 3])
    if settings.isBatchFirst { h = try h.permuted([1, 0, 2]) }
    return [y, h]
  }

  private func sequenceLengths(_ tensor: Tensor?, steps: Int, batch: Int) throws(Diagnostic) -> [Int] {
    guard let tensor else { return Array(repeating: steps, count: batch) }
    let lengths = tensor.integers() ?? []
    if let outside = lengths.first(where: { $0 < 0 || $0 > steps }) {
      throw .invalid("operator/recurrent", "\(name): a sequence length of \(outside) is outside 0 to \(steps) steps")
    }
    return lengths
  }
}
