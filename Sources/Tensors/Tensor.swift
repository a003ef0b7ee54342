import LatheDiagnostics

/// A dense array: element type, shape, and shared immutable contents in row-major order.
///
/// Copies share storage. Contents may be a mapped file, so nothing here writes to them.
public struct Tensor: Sendable {
  enum Contents: Sendable {
    case bytes(TensorStorage, offset: Int)
    case strings([String])
  }

  public let dtype: DType
  /// Extents, outermost axis first; empty for a scalar.
  public let shape: [Int]
  let contents: Contents
  /// Product of `shape`.
  public let elementCount: Int

  /// A view of `storage` from `byteOffset`; nothing is copied unless the bytes are misaligned for the type or are not clean booleans.
  ///
  /// - Throws: `tensor/shape` for a negative or overflowing shape, `tensor/byte-count` if the bytes are too few, `tensor/dtype` for strings.
  public init(dtype: DType, shape: [Int], storage: TensorStorage, byteOffset: Int = 0) throws(Diagnostic) {
    let count = try Self.elementCount(of: shape)
    guard dtype != .string, let byteCount = dtype.byteCount(of: count) else {
      throw .invalid("tensor/dtype", "a tensor of \(count) \(dtype) elements cannot be stored as bytes")
    }
    guard byteOffset >= 0, byteOffset <= storage.bytes.count, byteCount <= storage.bytes.count - byteOffset else {
      throw .invalid(
        "tensor/byte-count",
        "\(dtype)\(shape) needs \(byteCount) bytes, but there are \(Swift.max(0, storage.bytes.count - byteOffset))")
    }
    self.dtype = dtype
    self.shape = shape
    self.elementCount = count
    let slice = UnsafeRawBufferPointer(rebasing: storage.bytes[byteOffset..<byteOffset + byteCount])
    let misaligned = slice.baseAddress.map { UInt(bitPattern: $0) % UInt(dtype.alignment) != 0 } ?? false
    let unclean = dtype == .bool && slice.contains { $0 > 1 }
    guard misaligned || unclean else {
      contents = .bytes(storage, offset: byteOffset)
      return
    }
    let copy = try TensorStorage(byteCount: byteCount) { target in
      target.copyMemory(from: slice)
      if unclean { for index in target.indices where target[index] > 1 { target[index] = 1 } }
    }
    contents = .bytes(copy, offset: 0)
  }

  /// A tensor with the given elements in row-major order.
  ///
  /// - Throws: `tensor/shape` if `shape` does not hold exactly `elements.count` elements.
  public init<T: TensorElement>(_ elements: [T], shape: [Int]) throws(Diagnostic) {
    let count = try Self.elementCount(of: shape)
    guard count == elements.count else {
      throw .invalid("tensor/shape", "\(elements.count) elements do not fill the shape \(shape)")
    }
    self = try Tensor(of: T.self, shape: shape) { (target: UnsafeMutableBufferPointer<T>) in
      _ = target.update(fromContentsOf: elements)
    }
  }

  /// A tensor whose zeroed elements `fill` writes once.
  public init<T: TensorElement>(
    of type: T.Type, shape: [Int], fill: (UnsafeMutableBufferPointer<T>) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    try self.init(dtype: T.dtype, shape: shape) { (raw) throws(Diagnostic) in
      try fill(raw.bindMemory(to: T.self))
    }
  }

  /// A tensor of any byte-stored type whose zeroed bytes `fill` writes once.
  public init(
    dtype: DType, shape: [Int], fill: (UnsafeMutableRawBufferPointer) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    let count = try Self.elementCount(of: shape)
    guard dtype != .string, let byteCount = dtype.byteCount(of: count) else {
      throw .invalid("tensor/dtype", "a tensor of \(count) \(dtype) elements cannot be stored as bytes")
    }
    self.dtype = dtype
    self.shape = shape
    self.elementCount = count
    contents = .bytes(try TensorStorage(byteCount: byteCount, fill: fill), offset: 0)
  }

  /// A tensor of strings.
  public init(strings: [String], shape: [Int]) throws(Diagnostic) {
    let count = try Self.elementCount(of: shape)
    guard count == strings.count else {
      throw .invalid("tensor/shape", "\(strings.count) strings do not fill the shape \(shape)")
    }
    dtype = .string
    self.shape = shape
    elementCount = count
    contents = .strings(strings)
  }

  /// A tensor of rank 0.
  public static func scalar<T: TensorElement>(_ value: T) throws(Diagnostic) -> Tensor {
    try Tensor([value], shape: [])
  }

  private init(dtype: DType, shape: [Int], contents: Contents, elementCount: Int) {
    self.dtype = dtype
    self.shape = shape
    self.contents = contents
    self.elementCount = elementCount
  }

  /// Number of axes.
  public var rank: Int { shape.count }

  /// Bytes of the contents; for strings, their UTF-8 lengths.
  public var byteCount: Int {
    switch contents {
    case .bytes: dtype.byteCount(of: elementCount) ?? 0
    case .strings(let strings): strings.reduce(0) { $0 + $1.utf8.count }
    }
  }

  /// The same contents under another shape of the same size; nothing is copied.
  public func reshaped(to shape: [Int]) throws(Diagnostic) -> Tensor {
    guard try Self.elementCount(of: shape) == elementCount else {
      throw .invalid("tensor/shape", "the shape \(self.shape) cannot become \(shape): the number of elements differs")
    }
    return Tensor(dtype: dtype, shape: shape, contents: contents, elementCount: elementCount)
  }

  /// Most axes a tensor may have: beyond every real one, and small enough for whatever is linear in the rank.
  public static let maximumRank = 1024

  /// Product of `shape`, checked.
  ///
  /// The extents beside a 0 must have a product within Int as well, so that strides and counts of parts of the axes cannot overflow.
  ///
  /// - Throws: `tensor/shape` for a negative extent or a product beyond Int, `tensor/rank` beyond `maximumRank`.
  public static func elementCount(of shape: [Int]) throws(Diagnostic) -> Int {
    guard shape.count <= maximumRank else {
      throw .invalid("tensor/rank", "a tensor of \(shape.count) axes is asked for; at most \(maximumRank) make sense")
    }
    if let negative = shape.first(where: { $0 < 0 }) {
      throw .invalid("tensor/shape", "the shape \(shape) has the negative dimension \(negative)")
    }
    // Extents beside an empty axis are held to the same bound, so that products of some of them can be counted as well.
    var count = 1
    for extent in shape where extent != 0 {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else {
        throw .invalid("tensor/shape", "the shape \(shape) has more elements than can be counted")
      }
      count = product
    }
    return shape.contains(0) ? 0 : count
  }
}
