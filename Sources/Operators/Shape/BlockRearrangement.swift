import LatheDiagnostics
import LatheIR
import LatheTensors

/// An operator between the channels of images and square blocks of their pixels.
protocol BlockRearrangement: Evaluable {
  var blockSize: Int { get set }
  var order: BlockOrder { get set }

  init(blockSize: Int, order: BlockOrder)

  /// The extents that the input's axes split into, how these are reordered, and the result's shape.
  func plan(_ shape: [Int]) -> (split: [Int], permutation: [Int])
}

/// How channels number the pixels of a block.
public enum BlockOrder: String, Sendable, Hashable, CaseIterable {
  /// Depth, column, row: pixels change slowest.
  case depthColumnRow = "DCR"
  /// Column, row, depth: pixels change fastest.
  case columnRowDepth = "CRD"
}

extension BlockRearrangement {
  public init(decoding attributes: Attributes) throws(Diagnostic) {
    let size = try Attributes.required("blocksize", try attributes.integer("blocksize"))
    guard size > 0, size <= Int(Int32.max) else {
      throw .invalid("operator/attribute-value", "blocksize = \(size) is no size of a block")
    }
    self.init(blockSize: size, order: try attributes.choice("mode", default: .depthColumnRow))
  }

  public func encode(into attributes: inout Attributes) {
    attributes.set("blocksize", blockSize)
    if order != .depthColumnRow { attributes.set("mode", order.rawValue) }
  }

  /// A shape of four axes, unknown where the type's is.
  func image(_ type: TensorType) throws(Diagnostic) -> Shape {
    guard let shape = type.shape else { return .unknown(4) ?? [] }
    guard shape.count == 4 else {
      throw .invalid("operator/rank", "\(name) takes images of four axes, but is given \(type)")
    }
    return shape
  }

  /// `extent` over `divisor`, which divides it.
  func quotient(_ extent: Dimension, _ divisor: Int) throws(Diagnostic) -> Dimension {
    if let number = extent.known, !number.isMultiple(of: divisor) {
      throw .invalid("operator/shape", "\(name) cannot divide an extent of \(number) by \(divisor)")
    }
    return extent.floorDivided(by: .known(divisor))
  }

  public func evaluate(_ inputs: [Tensor?]) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    let shape = try concreteShape(inputs)
    let plan = plan(input.shape)
    let layout = StridedLayout(contiguous: plan.split).permuted(plan.permutation)
    return [try input.reshaped(to: plan.split).gathered(by: layout).reshaped(to: shape)]
  }
}
