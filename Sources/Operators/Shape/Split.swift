import LatheDiagnostics
import LatheIR
import LatheTensors

/// The input cut along one axis into pieces of given extents, or into a number of equal ones of which the last may be
/// smaller.
public struct Split: Evaluable, ShapeArithmetic {
  /// Most pieces that may be asked for.
  private static let mostPieces = 1 << 16

  public static let schema = OperatorSchema(
    "Split", since: 18,
    inputs: [.init("input", "T", .movable), .init("split", "", .int64, .optional)],
    outputs: [.init("outputs", "T", .movable, .variadic)],
    attributes: ["axis": .integer, "num_outputs": .integer])

  /// The axis that is cut; negative counts from the back.
  public var axis: Int
  /// Number of pieces, where their extents are not given as an input.
  public var pieces: Int?

  public init(axis: Int = 0, pieces: Int? = nil) {
    self.axis = axis
    self.pieces = pieces
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    axis = try attributes.integer("axis", default: 0)
    pieces = try attributes.integer("num_outputs")
    if let pieces, pieces < 1 || pieces > Self.mostPieces {
      throw .invalid("operator/attribute-value", "num_outputs = \(pieces) is not between 1 and \(Self.mostPieces)")
    }
  }

  public func encode(into attributes: inout Attributes) {
    if axis != 0 { attributes.set("axis", axis) }
    if let pieces { attributes.set("num_outputs", pieces) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    let position = try type.rank.map { (rank) throws(Diagnostic) in try normalized(axis: axis, rank: rank) }
    let extent = position.flatMap { type.shape?[$0] } ?? .unknown
    return try extents(inputs, of: extent, type).map { piece in
      guard var shape = type.shape, let position else { return .tensor(type) }
      shape[position] = piece
      return .tensor(TensorType(type.dtype, shape))
    }
  }

  /// Extents of the pieces; empty where not even their number can be told.
  private func extents(
    _ inputs: [Operand?], of extent: Dimension, _ type: TensorType
  ) throws(Diagnostic) -> [Dimension] {
    guard let operand = inputs.optional(1) else {
      guard let pieces else {
        throw .invalid("operator/split", "Split needs either its input split or the attribute num_outputs")
      }
      return equal(pieces, of: extent)
    }
    guard pieces == nil else {
      throw .invalid("operator/split", "Split is given both its input split and the attribute num_outputs")
    }
    guard let given = try operand.vector("list of extents") else {
      let length = operand.vectorLength ?? 0
      return length <= Self.mostPieces ? .unknown(length) ?? [] : []
    }
    let list = try checked(shape: given)
    let total = list.reduce(Dimension.known(0)) { $0 + $1 }
    if total.isProvablyDifferent(from: extent) {
      throw .invalid("operator/split", "pieces of \(list) do not make up the axis \(axis) of \(type)")
    }
    return list
  }

  private func equal(_ pieces: Int, of extent: Dimension) -> [Dimension] {
    let count = Dimension.known(pieces)
    if let known = extent.known {
      let size = known / pieces + (known % pieces == 0 ? 0 : 1)
      return (0..<pieces).map { piece in
        let (start, overflow) = piece.multipliedReportingOverflow(by: size)
        return .known(overflow ? 0 : Swift.max(0, Swift.min(size, known - start)))
      }
    }
    if let exact = extent.exactlyDivided(by: count) { return Array(repeating: exact, count: pieces) }
    // Only the first piece is certain to be of full size, and of two the second is what remains.
    let first = (extent + .known(pieces - 1)).floorDivided(by: count)
    var list = [Dimension](repeating: .unknown, count: pieces)
    list[0] = first
    if pieces == 2 { list[1] = extent - first }
    return list
  }

  public func elements(_ inputs: [Operand?]) -> [[Dimension]?] {
    guard let data = inputs.optional(0), data.type.tensor?.rank == 1, let elements = data.followed,
      let extents = try? extents(inputs, of: .known(elements.count), try data.tensor())
    else { return [nil] }
    let sizes = extents.compactMap(\.known)
    guard sizes.count == extents.count, sizes.reduce(0, +) == elements.count else { return [nil] }
    var start = 0
    return sizes.map { size in
      defer { start += size }
      return Array(elements[start..<start + size])
    }
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    let axis = try normalized(axis: axis, rank: input.rank)
    let types = try infer(inputs.map { $0.map { Operand($0) } })
    var runs = input.shape.map { [AxisRun.input(0, $0)] }
    var start = 0
    var results: [Tensor] = []
    for type in types {
      guard let size = type.tensor?.knownShape?[axis], size <= input.shape[axis] - start else {
        throw .invalid("operator/split", "the pieces of Split do not make up the axis \(self.axis) of \(input.shape)")
      }
      runs[axis] = [.input(start, size)]
      results.append(try input.picked(runs))
      start += size
    }
    return results
  }
}

extension Split: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let x = inputs.optional(0)?.type.tensor?.shape, let place = try? normalized(axis: axis, rank: x.count) else { return nil }
    var map = AxisMap(inputs: inputs.count, outputs: outputs.count)
    var axes = x.map { map.axis($0) }
    axes[place] = []
    for (position, output) in outputs.enumerated() {
      guard let shape = output.shape else { return nil }
      let own = map.axis(shape[place])
      axes[place] += own
      map.outputs[position] = axes
      map.outputs[position]?[place] = own
    }
    map.inputs[0] = axes
    return map
  }

  public func adapted(
    to map: AxisMap, inputs: [Tensor?]
  ) throws(Diagnostic) -> (op: any Operator, inputs: [Tensor?]) {
    guard let axes = map.inputs[0] else { return (self, inputs) }
    let place = try normalized(axis: axis, rank: axes.count)
    let extents = axes[place].compactMap { map.extent(of: [$0]).known }.map { Int64($0) }
    guard extents.count == axes[place].count else { return (self, inputs) }
    return (Split(axis: axis), [inputs.optional(0), try Tensor(extents, shape: [extents.count])])
  }
}
