import LatheDiagnostics
import LatheIR
import LatheTensors

/// Rows of a `CodedTable`, looked up by number, as floats; negative numbers count from the back.
///
/// Operands are the codes [rows, bytes of a row], the indices, the codebook, and a scale for each row, which may be left out. The result has
/// the indices' shape, and `width` values for each of them.
public struct CodedGather: DefinedByDecomposition {
  public static let schema = OperatorSchema(
    "CodedGather", domain: "lathe", since: 1,
    inputs: [
      .init("codes", "C", [.uint8]), .init("indices", "Tind", .indices), .init("codebook", "T", .floats),
      .init("scales", "T", .floats, .optional),
    ],
    outputs: [.init("output", "T", .floats)],
    attributes: ["bits": .integer, "width": .integer])

  /// Of a code: 4, 5, 6 or 8.
  public var bits: Int
  /// Values of a row.
  public var width: Int

  public init(bits: Int, width: Int) {
    self.bits = bits
    self.width = width
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    bits = try Attributes.required("bits", try attributes.integer("bits"))
    guard CodedTable.allowedBits.contains(bits) else {
      throw .invalid("operator/attribute-value", "bits = \(bits) is none of 4, 5, 6 and 8")
    }
    width = try Attributes.required("width", try attributes.integer("width"))
    guard width >= 0, width <= 1 << 40 else { throw .invalid("operator/attribute-value", "width = \(width) is no number of values") }
  }

  public func encode(into attributes: inout Attributes) {
    attributes.set("bits", bits)
    attributes.set("width", width)
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let (codes, indices, codebook) = (try inputs.tensor(0), try inputs.tensor(1), try inputs.tensor(2))
    try CodedTable.check(
      codes: codes, codebook: codebook, scales: try inputs.optional(3)?.tensor(), width: .known(width), bits: bits, name)
    return [.tensor(TensorType(codebook.dtype, indices.shape.map { $0 + [.known(width)] }))]
  }

  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    guard inputs.count > 2, let codes = inputs[0], let indices = inputs[1], let codebook = inputs[2] else {
      throw .invalid("operator/inputs", "\(name) needs codes, indices and a codebook")
    }
    let rows = try builder.add(Gather(axis: 0), [codes, indices])
    let scales = inputs.count > 3 ? inputs[3] : nil
    let factors = try scales.map { (scales) throws(Diagnostic) in try builder.add(Gather(axis: 0), [scales, indices]) }
    return [try builder.decoded(rows, codebook, factors, width: width, bits: bits)]
  }
}

extension CodedGather: AxisMapping {
  public func axisMap(_ inputs: [Operand?], _ outputs: [TensorType]) -> AxisMap? {
    guard let codes = inputs.optional(0)?.type.tensor?.shape, let picked = inputs.optional(1)?.type.tensor?.shape, codes.count == 2
    else { return nil }
    var map = AxisMap(inputs: inputs.count, outputs: outputs.count)
    let (rows, places) = (map.axis(codes[0], .lookedUp(by: 1)), picked.map { map.axis($0) })
    // Of fewer bits, codes of a row share bytes.
    let columns = map.axis(.known(width), bits == 8 ? .carried : .normalized)
    map.inputs[0] = [rows, bits == 8 ? columns : map.axis(codes[1], .normalized)]
    map.inputs[1] = places
    map.inputs[2] = [map.axis(.known(1 << bits), .normalized)]
    if inputs.optional(3) != nil { map.inputs[3] = [rows] }
    map.outputs[0] = places + [columns]
    return map
  }

  public func adapted(
    to map: AxisMap, inputs: [Tensor?]
  ) throws(Diagnostic) -> (op: any Operator, inputs: [Tensor?]) {
    var op = self
    if let columns = map.outputs[0]?.last, let width = map.extent(of: columns).known { op.width = width }
    return (op, inputs)
  }
}
