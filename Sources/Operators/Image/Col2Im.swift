import LatheDiagnostics
import LatheIR
import LatheTensors

/// Images summed up from their blocks, which are given as columns.
public struct Col2Im: NumericEvaluable {
  public static let schema = OperatorSchema(
    "Col2Im", since: 18,
    inputs: [
      .init("input", "T", .movable), .init("image_shape", "", .int64), .init("block_shape", "", .int64),
    ],
    outputs: [.init("output", "T", .movable)],
    attributes: ["dilations": .integers, "pads": .integers, "strides": .integers])

  /// Distances between the elements of a block; nil for 1.
  public var dilations: [Int]?
  /// What blocks reach beyond the image, before it on every axis and then after it; nil for nothing.
  public var pads: [Int]?
  /// Distances between blocks; nil for 1.
  public var strides: [Int]?

  public init(dilations: [Int]? = nil, pads: [Int]? = nil, strides: [Int]? = nil) {
    self.dilations = dilations
    self.pads = pads
    self.strides = strides
  }

  public init(decoding attributes: Attributes) throws(Diagnostic) {
    dilations = try attributes.integers("dilations")
    pads = try attributes.integers("pads")
    strides = try attributes.integers("strides")
    let bound = Int(Int32.max)
    let isValid =
      (dilations ?? []).allSatisfy { (1...bound).contains($0) }
      && (strides ?? []).allSatisfy { (1...bound).contains($0) }
      && (pads ?? []).allSatisfy { (0...bound).contains($0) }
    guard isValid else {
      throw .invalid(
        "operator/attribute-value", "Col2Im needs positive dilations and strides, and pads of at least 0, below 2^31")
    }
  }

  public func encode(into attributes: inout Attributes) {
    if let dilations { attributes.set("dilations", dilations) }
    if let pads { attributes.set("pads", pads) }
    if let strides { attributes.set("strides", strides) }
  }

  public func infer(_ inputs: [Operand?]) throws(Diagnostic) -> [ValueType] {
    let type = try inputs.tensor(0)
    if let rank = type.rank, rank != 3 {
      throw .invalid("operator/rank", "Col2Im takes columns in three axes, but is given \(type)")
    }
    let image = try inputs.optional(1)?.vector("image shape")
    let block = try inputs.optional(2)?.vector("block shape")
    let lengths = [image?.count ?? inputs.optional(1)?.vectorLength, block?.count ?? inputs.optional(2)?.vectorLength]
    let ranks =
      lengths.compactMap { $0 } + [dilations?.count, strides?.count, pads.map { $0.count / 2 }].compactMap { $0 }
    guard Set(ranks).count <= 1, pads?.count.isMultiple(of: 2) ?? true else {
      throw .invalid(
        "operator/shape", "the shapes, dilations, pads and strides of Col2Im differ in their numbers of axes")
    }
    guard let rank = ranks.first else { return [.tensor(TensorType(type.dtype, nil))] }
    var depth = Dimension.unknown
    if let channels = type.shape?[1], let block {
      _ = try checked(shape: block)
      depth = channels.floorDivided(by: block.product)
      if let channels = channels.known, let size = block.product.known, size == 0 || !channels.isMultiple(of: size) {
        throw .invalid("operator/shape", "columns of \(channels) elements are not made of blocks of \(size)")
      }
    }
    let extents = image ?? .unknown(rank) ?? []
    return [.tensor(TensorType(type.dtype, try checked(shape: [type.shape?[0] ?? .unknown, depth] + extents)))]
  }

  func compute<T: NumericElement>(_ inputs: [Tensor?], as type: T.Type) throws(Diagnostic) -> [Tensor] {
    let input = try inputs.required(0)
    let shape = try concreteShape(inputs)
    guard let image = try inputs.required(1).integers(), let block = try inputs.required(2).integers() else {
      throw name.unsupported(.int64)
    }
    let axes = try image.indices.map { (axis) throws(Diagnostic) -> BlockAxis in try self.axis(axis, image, block) }
    let columns = axes.reduce(1) { $0.multipliedReportingOverflow(by: $1.blocks).partialValue }
    guard columns == input.shape[2] else {
      throw .invalid("operator/shape", "an image of \(image) has \(columns) blocks of \(block), not \(input.shape[2])")
    }
    let elements = block.reduce(1, *)
    let size = image.reduce(1, *)
    let result = try Tensor(of: T.self, shape: shape) { (target: UnsafeMutableBufferPointer<T>) in
      input.withElements(as: T.self) { source in
        for position in source.indices {
          let (row, column) = (position / columns, position % columns)
          guard let place = Self.place(axes, element: row % elements, column: column) else { continue }
          let to = row / elements * size + place
          target[to] = T.adding(target[to], source[position])
        }
      }
    }
    return [result]
  }

  /// One axis of the image and how blocks lie on it.
  private struct BlockAxis {
    var extent: Int
    var block: Int
    var dilation: Int
    var stride: Int
    var before: Int
    var blocks: Int
  }

  private func axis(_ axis: Int, _ image: [Int], _ block: [Int]) throws(Diagnostic) -> BlockAxis {
    let dilation = dilations?[axis] ?? 1
    let (before, after) = (pads?[axis] ?? 0, pads?[image.count + axis] ?? 0)
    let (reach, overflow) = dilation.multipliedReportingOverflow(by: block[axis] - 1)
    guard !overflow, image[axis] <= Int.max / 4, reach < Int.max / 4, image[axis] + before + after > reach else {
      throw .invalid("operator/shape", "blocks of \(block) do not fit into an image of \(image)")
    }
    let stride = strides?[axis] ?? 1
    return BlockAxis(
      extent: image[axis], block: block[axis], dilation: dilation, stride: stride, before: before,
      blocks: (image[axis] + before + after - reach - 1) / stride + 1)
  }

  /// Where an element of a block lies in the image; nil if it lies beyond it.
  private static func place(_ axes: [BlockAxis], element: Int, column: Int) -> Int? {
    var (element, column, place, step) = (element, column, 0, 1)
    for axis in axes.reversed() {
      let offset = column % axis.blocks * axis.stride + element % axis.block * axis.dilation - axis.before
      guard (0..<axis.extent).contains(offset) else { return nil }
      place += offset * step
      step *= axis.extent
      element /= axis.block
      column /= axis.blocks
    }
    return place
  }
}
