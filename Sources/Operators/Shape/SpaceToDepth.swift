import LatheDiagnostics
import LatheIR
import LatheTensors

/// Blocks of pixels stacked up into channels.
public struct SpaceToDepth: BlockRearrangement {
  public static let schema = OperatorSchema(
    "SpaceToDepth", since: 28,
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
    let depth = shape[1] * .known(blockSize * blockSize)
    let (height, width) = (try quotient(shape[2], blockSize), try quotient(shape[3], blockSize))
    return [.tensor(TensorType(type.dtype, [shape[0], depth, height, width]))]
  }

  func plan(_ shape: [Int]) -> (split: [Int], permutation: [Int]) {
    let split = [shape[0], shape[1], shape[2] / blockSize, blockSize, shape[3] / blockSize, blockSize]
    switch order {
    case .depthColumnRow: return (split, [0, 3, 5, 1, 2, 4])
    case .columnRowDepth: return (split, [0, 1, 3, 5, 2, 4])
    }
  }
}
