import LatheDiagnostics
import LatheIR
import LatheTensors

/// Groups of channels spread out into blocks of pixels.
public struct DepthToSpace: BlockRearrangement {
  public static let schema = OperatorSchema(
    "DepthToSpace", since: 28,
    inputs: [.init("input", "T", .movable)],
    outputs: [.init("output", "T", .movable)],
    attributes: ["blocksize": .integer, "mode": .string])

  /// Height and width of a block, in pixels.
  public var blockSize: Int
  public var order: BlockOrder

  public init(blockSize: Int, order: BlockOrder = .depthColumnRow) {
    self.blockSize = blockSize
    self.order = order
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    let shape = try image(type)
    let side = Dimension.known(blockSize)
    let depth = try quotient(shape[1], blockSize * blockSize)
    return [.tensor(TensorType(type.dtype, [shape[0], depth, shape[2] * side, shape[3] * side]))]
  }

  func plan(_ shape: [Int]) -> (split: [Int], permutation: [Int]) {
    let depth = shape[1] / (blockSize * blockSize)
    switch order {
    case .depthColumnRow: return ([shape[0], blockSize, blockSize, depth, shape[2], shape[3]], [0, 3, 4, 1, 5, 2])
    case .columnRowDepth: return ([shape[0], depth, blockSize, blockSize, shape[2], shape[3]], [0, 1, 4, 2, 5, 3])
    }
  }
}
