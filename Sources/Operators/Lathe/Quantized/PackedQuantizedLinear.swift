import LatheDiagnostics
import LatheIR
import LatheTensors

/// QuantizedLinear with its weights in the order in which kernels read them.
///
/// W is bytes: INT8 values in blocks of 16 columns and groups of 4 rows, W[i, j] at ((j / 16 · groups + i / 4) · 16 + j % 16) · 4 + i % 4, zeros
/// beyond the weights; then the sum of each column of the blocks, 32-bit integers, little-endian. `rows` and `columns` tell how many there are.
public struct PackedQuantizedLinear: Evaluable {
  public static let schema = OperatorSchema(
    "PackedQuantizedLinear", domain: "lathe", since: 1,
    inputs: QuantizedLinear.schema.inputs, outputs: QuantizedLinear.schema.outputs,
    attributes: QuantizedLinear.schema.attributes.merging(["rows": .integer, "columns": .integer]) { first, _ in first })

  private static let weightsPosition = 2

  /// The layer.
  public var linear: QuantizedLinear
  /// Extents of the weights.
  public var rows, columns: Int

  public init(_ linear: QuantizedLinear, rows: Int, columns: Int) {
    (self.linear, self.rows, self.columns) = (linear, rows, columns)
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    linear = try QuantizedLinear(decoding: attributes)
    rows = try Attributes.required("rows", try attributes.integer("rows"))
    columns = try Attributes.required("columns", try attributes.integer("columns"))
    guard rows >= 1, rows <= 1 << 30, columns >= 1, columns <= 1 << 30 else {
      throw .invalid("operator/attribute-value", "rows = \(rows) and columns = \(columns) are no extents of weights")
    }
  }

  public func encode(into attributes: inout Attributes) {
    linear.encode(into: &attributes)
    attributes.set("rows", rows)
    attributes.set("columns", columns)
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let w = try inputs.tensor(Self.weightsPosition)
    if let shape = w.shape, shape.count != 1 || shape[0].isProvablyDifferent(from: .known(Self.byteCount(rows: rows, columns: columns))) {
      throw .invalid("operator/packed-linear", "PackedQuantizedLinear: \(w) are no packed weights of [\(rows), \(columns)]")
    }
    var operands = inputs
    operands[Self.weightsPosition] = Operand(type: .tensor(TensorType(.int8, [.known(rows), .known(columns)])))
    return try linear.infer(operands)
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    var operands = inputs
    operands[Self.weightsPosition] = try Self.unpacked(try inputs.required(Self.weightsPosition), rows: rows, columns: columns)
    return try linear.evaluate(operands)
  }

  private static let blockColumns = 16
  private static let groupRows = 4

  private static func extents(_ rows: Int, _ columns: Int) -> (groups: Int, blocks: Int) {
    ((rows + groupRows - 1) / groupRows, (columns + blockColumns - 1) / blockColumns)
  }

  /// Bytes of packed weights.
  public static func byteCount(rows: Int, columns: Int) -> Int {
    let (groups, blocks) = extents(rows, columns)
    return blocks * blockColumns * (groups * groupRows + 4)
  }

  /// Calls the body with the place of each weight in rows and where it is packed.
  @inline(__always)
  private static func eachPlace(_ rows: Int, _ columns: Int, _ body: (_ row: Int, _ column: Int, _ packed: Int) -> Void) {
    let (groups, blocks) = extents(rows, columns)
    for row in 0..<rows {
      for block in 0..<blocks {
        let start = (block * groups + row / groupRows) * blockColumns * groupRows + row % groupRows
        for lane in 0..<min(blockColumns, columns - block * blockColumns) { body(row, block * blockColumns + lane, start + lane * groupRows) }
      }
    }
  }

  /// The weights as kernels read them.
  ///
  /// - Parameter weights: INT8 values [rows, columns].
  public static func packed(_ weights: Tensor) throws(Diagnostic) -> Tensor {
    let (rows, columns) = (weights.shape[0], weights.shape[1])
    let (groups, blocks) = extents(rows, columns)
    return try Tensor(dtype: .int8, shape: [byteCount(rows: rows, columns: columns)]) { target in
      target.initializeMemory(as: UInt8.self, repeating: 0)
      weights.withElements(as: Int8.self) { source in
        var sums = [Int32](repeating: 0, count: blocks * blockColumns)
        sums.withUnsafeMutableBufferPointer { sums in
          eachPlace(rows, columns) { row, column, packed in
            let value = source[row * columns + column]
            target[packed] = UInt8(bitPattern: value)
            sums[column] &+= Int32(value)
          }
        }
        let start = groups * groupRows * blocks * blockColumns
        for (column, sum) in sums.enumerated() {
          target.storeBytes(of: sum.littleEndian, toByteOffset: start + column * 4, as: Int32.self)
        }
      }
    }
  }

  /// The weights that `packed` packed.
  public static func unpacked(_ packed: Tensor, rows: Int, columns: Int) throws(Diagnostic) -> Tensor {
    try Tensor(of: Int8.self, shape: [rows, columns]) { (target: UnsafeMutableBufferPointer<Int8>) in
      packed.withElements(as: Int8.self) { source in
        eachPlace(rows, columns) { row, column, packed in target[row * columns + column] = source[packed] }
      }
    }
  }
}

extension PackedQuantizedLinear: Decomposable {
  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    let (groups, blocks) = Self.extents(rows, columns)
    func sliced(_ value: ValueID?, axis: Int, to last: Int, _ builder: inout GraphBuilder) throws(Diagnostic) -> ValueID {
      let bounds = try [0, last, axis].map { (number) throws(Diagnostic) in try builder.integers("bound", [number]) }
      return try builder.add(Slice(), [value] + bounds)
    }
    let codes = try sliced(
      inputs[Self.weightsPosition], axis: 0, to: groups * Self.groupRows * blocks * Self.blockColumns, &builder)
    let blocked = try builder.reshaped(codes, to: [blocks, groups, Self.blockColumns, Self.groupRows])
    let rowsFirst = try builder.add(Transpose(permutation: [1, 3, 0, 2]), [blocked])
    let all = try builder.reshaped(rowsFirst, to: [groups * Self.groupRows, blocks * Self.blockColumns])
    var operands = inputs
    operands[Self.weightsPosition] = try sliced(try sliced(all, axis: 0, to: rows, &builder), axis: 1, to: columns, &builder)
    return try linear.decompose(operands, in: &builder)
  }
}
