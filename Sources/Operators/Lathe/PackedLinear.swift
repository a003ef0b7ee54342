import LatheDiagnostics
import LatheIR
import LatheTensors

/// Linear with its weights in the order in which kernels read them.
///
/// W is [blocks, inputs, 16]: block b holds the columns 16·b ..< 16·b + 16 of Linear's weights, those of each row side by side. Columns
/// behind the last one are zeros. `columns` tells how many there are.
public struct PackedLinear: DefinedByDecomposition {
  public static let schema = OperatorSchema(
    "PackedLinear", domain: "lathe", since: 1,
    inputs: Linear.schema.inputs, outputs: Linear.schema.outputs,
    attributes: Linear.schema.attributes.merging(["columns": .integer]) { first, _ in first })

  /// Columns of a block.
  public static let blockColumns = 16

  /// The layer.
  public var linear: Linear
  /// Columns of the weights, and of the result.
  public var columns: Int

  public init(_ linear: Linear, columns: Int) {
    self.linear = linear
    self.columns = columns
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    linear = try Linear(decoding: attributes)
    columns = try Attributes.required("columns", try attributes.integer("columns"))
    guard columns >= 1, columns <= 1 << 40 else {
      throw .invalid("operator/attribute-value", "columns = \(columns) is no number of columns")
    }
  }

  public func encode(into attributes: inout Attributes) {
    linear.encode(into: &attributes)
    attributes.set("columns", columns)
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let w = try inputs.tensor(1)
    var rows = Dimension.unknown
    if let shape = w.shape {
      let blocks = (columns + Self.blockColumns - 1) / Self.blockColumns
      guard shape.count == 3, !shape[0].isProvablyDifferent(from: .known(blocks)),
        !shape[2].isProvablyDifferent(from: .known(Self.blockColumns))
      else {
        throw .invalid("operator/packed-linear", "PackedLinear: \(w) are no weights of \(columns) columns in blocks of \(Self.blockColumns)")
      }
      rows = shape[1]
    }
    var operands = inputs
    operands[1] = Operand(type: .tensor(TensorType(w.dtype, [rows, .known(columns)])))
    return try linear.infer(operands)
  }

  public func decompose(_ inputs: [ValueID?], in builder: inout GraphBuilder) throws(Diagnostic) -> [ValueID] {
    let rows = try builder.add(Transpose(permutation: [1, 0, 2]), [inputs[1]])
    let all = try builder.reshaped(rows, to: [0, -1])
    let first = try builder.integers("first", [0])
    let last = try builder.integers("last", [columns])
    var operands = inputs
    operands[1] = try builder.add(Slice(), [all, first, last, try builder.integers("axes", [1])])
    return try linear.decompose(operands, in: &builder)
  }

  /// The weights in blocks.
  ///
  /// - Parameter weights: [inputs, outputs], of any type.
  /// - Throws: `tensor/out-of-memory`.
  public static func packed(_ weights: Tensor) throws(Diagnostic) -> Tensor {
    let (rows, columns, size) = (weights.shape[0], weights.shape[1], weights.dtype.byteCount(of: 1) ?? 0)
    let blocks = (columns + blockColumns - 1) / blockColumns
    return try Tensor(dtype: weights.dtype, shape: [blocks, rows, blockColumns]) { target in
      weights.withBytes { source in
        for block in 0..<blocks {
          let first = block * blockColumns
          let length = min(blockColumns, columns - first) * size
          for row in 0..<rows {
            let from = (row * columns + first) * size
            UnsafeMutableRawBufferPointer(rebasing: target[((block * rows + row) * blockColumns * size)...])
              .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[from..<from + length]))
          }
        }
      }
    }
  }

  /// The weights that `packed` packed.
  ///
  /// - Throws: `tensor/out-of-memory`.
  public static func unpacked(_ packed: Tensor, columns: Int) throws(Diagnostic) -> Tensor {
    let (rows, size) = (packed.shape[1], packed.dtype.byteCount(of: 1) ?? 0)
    return try Tensor(dtype: packed.dtype, shape: [rows, columns]) { target in
      packed.withBytes { source in
        for block in 0..<packed.shape[0] {
          let first = block * blockColumns
          let length = min(blockColumns, columns - first) * size
          for row in 0..<rows {
            let from = (block * rows + row) * blockColumns * size
            UnsafeMutableRawBufferPointer(rebasing: target[((row * columns + first) * size)...])
              .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[from..<from + length]))
          }
        }
      }
    }
  }
}
