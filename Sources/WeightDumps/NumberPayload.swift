import LatheDiagnostics
import LatheFiles
import LatheJSON
import LatheTensors

/// Elements as numbers, in one array or nested as the shape is.
struct NumberPayload {
  private static let pageBytes = 1 << 20

  let entry: DumpEntry
  let file: MappedFile
  let range: Range<Int>

  func tensor() throws(Diagnostic) -> Tensor {
    switch entry.dtype {
    case .float32: try filled(Float.self, float32)
    case .float64: try filled(Double.self) { $0.number }
    case .float16: try filled(Float16.self) { Self.finite(Float16($0.number)) }
    case .bfloat16:
      try filled(BFloat16.self) { elements in
        let value = BFloat16(double: elements.number)
        return value.float.isFinite ? value : nil
      }
    case .int64: try filled(Int64.self) { $0.integer }
    case .int32: try filled(Int32.self) { $0.integer.flatMap { Int32(exactly: $0) } }
    case .int16: try filled(Int16.self) { $0.integer.flatMap { Int16(exactly: $0) } }
    case .int8: try filled(Int8.self) { $0.integer.flatMap { Int8(exactly: $0) } }
    case .uint64: try filled(UInt64.self) { $0.unsignedInteger }
    case .uint32: try filled(UInt32.self) { $0.integer.flatMap { UInt32(exactly: $0) } }
    case .uint16: try filled(UInt16.self) { $0.integer.flatMap { UInt16(exactly: $0) } }
    case .uint8: try filled(UInt8.self) { $0.integer.flatMap { UInt8(exactly: $0) } }
    case .bool:
      try filled(Bool.self) { elements in elements.integer.flatMap { $0 == 0 ? false : $0 == 1 ? true : nil } }
    default:
      throw .invalid(
        "weights/dtype", "elements of type \(entry.dtype) cannot be given as numbers",
        fix: "give their bytes as base64 or in a file")
    }
  }

  private func float32(_ elements: JSONElements) -> Float? { Self.finite(Float(elements.number)) }

  private static func finite<T: BinaryFloatingPoint>(_ value: T) -> T? { value.isFinite ? value : nil }

  /// The tensor whose elements `element` reads; nil from it is a number that the type cannot hold.
  private func filled<T: TensorElement>(
    _ type: T.Type, _ element: (JSONElements) -> T?
  ) throws(Diagnostic) -> Tensor {
    guard entry.count <= range.count else {
      throw file.fault(
        "weights/length", at: range.lowerBound,
        "the shape \(entry.shape) has \(entry.count) elements, more than a text of \(range.count) bytes can have")
    }
    return try Tensor(of: type, shape: entry.shape) { (target: UnsafeMutableBufferPointer<T>) throws(Diagnostic) in
      var elements = JSONElements(file.bytes, at: range)
      var nesting = Nesting(entry.shape)
      var (written, lastDrop) = (0, range.lowerBound)
      while let token = elements.next() {
        switch token {
        case .number:
          guard nesting.takesElement() else { throw misnested(elements) }
          guard let value = element(elements) else {
            throw file.fault("weights/number", at: elements.start, "the number does not fit the element type \(entry.dtype)")
          }
          if written < target.count { target[written] = value }
          written += 1
        case .truth(let truth):
          guard nesting.takesElement() else { throw misnested(elements) }
          guard let value = truth as? T else {
            throw file.fault("weights/number", at: elements.start, "a truth value is no \(entry.dtype)")
          }
          if written < target.count { target[written] = value }
          written += 1
        case .open: guard nesting.opens() else { throw misnested(elements) }
        case .close: guard nesting.closes() else { throw misnested(elements) }
        case .other: throw file.fault("weights/number", at: elements.start, "data should be an array of numbers")
        }
        if elements.offset - lastDrop >= Self.pageBytes {
          lastDrop = elements.offset
          file.dropPages()
        }
      }
      guard written == entry.count else {
        throw file.fault(
          "weights/length", at: range.lowerBound,
          "there are \(written) numbers, but the shape \(entry.shape) has \(entry.count)")
      }
    }
  }

  private func misnested(_ elements: JSONElements) -> Diagnostic {
    file.fault("weights/nesting", at: elements.start, "the arrays are neither flat nor nested as the shape \(entry.shape) is")
  }

  /// Follows the brackets: one array of all elements, or arrays of arrays with the extents of the shape.
  private struct Nesting {
    private let shape: [Int]
    private var counts: [Int] = []
    private var isNested = false
    /// Arrays and elements seen.
    private var seen = 0

    init(_ shape: [Int]) {
      self.shape = shape
    }

    mutating func opens() -> Bool {
      if counts.count == 1, seen == 1 { isNested = true }
      seen += 1
      guard counts.count < (isNested ? shape.count : 1) else { return false }
      if !counts.isEmpty { counts[counts.count - 1] += 1 }
      counts.append(0)
      return true
    }

    mutating func takesElement() -> Bool {
      seen += 1
      // A scalar may stand alone.
      guard !counts.isEmpty else { return shape.isEmpty }
      guard counts.count == (isNested ? shape.count : 1) else { return false }
      counts[counts.count - 1] += 1
      return true
    }

    mutating func closes() -> Bool {
      guard let count = counts.popLast() else { return false }
      return !isNested || count == shape[counts.count]
    }
  }
}
