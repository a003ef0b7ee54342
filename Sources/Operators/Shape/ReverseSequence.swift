import LatheDiagnostics
import LatheIR
import LatheTensors

/// The first entries of each sequence of a batch in reverse order, as many as a length for each says.
public struct ReverseSequence: Evaluable {
  public static let schema = OperatorSchema(
    "ReverseSequence", since: 28,
    inputs: [.init("input", "T", .movable), .init("sequence_lens", "", .int64)],
    outputs: [.init("Y", "T", .movable)],
    attributes: ["batch_axis": .integer, "time_axis": .integer])

  /// The axis that numbers the sequences: 0 or 1.
  public var batchAxis: Int
  /// The other one of the first two axes, along which sequences run.
  public var timeAxis: Int

  public init(batchAxis: Int = 1, timeAxis: Int = 0) {
    self.batchAxis = batchAxis
    self.timeAxis = timeAxis
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    batchAxis = try attributes.integer("batch_axis", default: 1)
    timeAxis = try attributes.integer("time_axis", default: 0)
    guard (batchAxis, timeAxis) == (0, 1) || (batchAxis, timeAxis) == (1, 0) else {
      throw .invalid(
        "operator/attribute-value", "batch_axis = \(batchAxis) and time_axis = \(timeAxis) are not 0 and 1 or 1 and 0")
    }
  }

  public func encode(into attributes: inout Attributes) {
    if batchAxis != 1 { attributes.set("batch_axis", batchAxis) }
    if timeAxis != 0 { attributes.set("time_axis", timeAxis) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (type, lengths) = (try inputs.tensor(0), try inputs.tensor(1))
    if let rank = type.rank, rank < 2 {
      throw .invalid("operator/rank", "ReverseSequence takes at least two axes, but is given \(type)")
    }
    if let rank = lengths.rank, rank != 1 {
      throw .invalid("operator/rank", "the lengths of ReverseSequence should be a vector, but are \(lengths)")
    }
    if let batch = type.shape?[batchAxis], let count = lengths.shape?[0], batch.isProvablyDifferent(from: count) {
      throw .invalid("operator/shape", "\(count) lengths are given for \(batch) sequences")
    }
    return [.tensor(type)]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    let time = input.shape[timeAxis]
    let lengths = try inputs.required(1).integers() ?? []
    if let outside = lengths.first(where: { $0 < 0 || $0 > time }) {
      throw .invalid("operator/index", "a sequence of \(time) entries has no first \(outside)")
    }
    guard input.elementCount > 0 else { return [input] }
    let strides = StridedLayout.rowMajorStrides(input.shape)
    let result = try Tensor(dtype: input.dtype, shape: input.shape, copying: [input]) { emit in
      for outer in 0..<input.shape[0] {
        for inner in 0..<input.shape[1] {
          let (batch, step) = batchAxis == 0 ? (outer, inner) : (inner, outer)
          let from = step < lengths[batch] ? lengths[batch] - 1 - step : step
          let start = batch * strides[batchAxis] + from * strides[timeAxis]
          emit(ElementRun(source: 0, start: start, count: strides[1]))
        }
      }
    }
    return [result]
  }
}
