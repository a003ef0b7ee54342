import CLathe
import LatheDiagnostics
import LatheRuntime
import LatheSamples
import LatheTensors

extension Diagnostic {
  /// The status that a C function returns; the message is kept for `lathe_last_error`.
  func reported() -> lathe_status {
    let place = [location.file, location.node, location.value].compactMap { $0 }.joined(separator: ", ")
    LastError.set((place.isEmpty ? "" : "\(place): ") + message + (fix.map { " (\($0))" } ?? "") + " [\(id)]")
    return switch category {
    case .usage: LATHE_USAGE
    case .invalidInput: LATHE_BAD_DATA
    case .missingInput: LATHE_MISSING_INPUT
    default: LATHE_FAULT
    }
  }

  /// A call that makes no sense.
  static func misuse(_ message: String) -> Diagnostic { Diagnostic("usage/call", .usage, message) }
}

/// Runs a C function's work.
func status(_ work: () throws(Diagnostic) -> Void) -> lathe_status {
  do throws(Diagnostic) {
    try work()
    return LATHE_OK
  } catch {
    return error.reported()
  }
}

extension lathe_tensor {
  /// The tensor where it lies, or a copy if it is misaligned; good while `data` is.
  func borrowed() throws(Diagnostic) -> Tensor {
    guard let type = DType(rawValue: UInt8(truncatingIfNeeded: dtype.rawValue)), dtype.rawValue <= 255, dtype != LATHE_UNKNOWN_TYPE else {
      throw .misuse("\(dtype.rawValue) is no element type")
    }
    let storage = TensorStorage(bytes: UnsafeRawBufferPointer(start: data, count: data == nil ? 0 : byte_count), owner: Borrowed.owner)
    return try Tensor(dtype: type, shape: try extents(), storage: storage)
  }

  private func extents() throws(Diagnostic) -> [Int] {
    guard (0...LATHE_MAXIMUM_RANK).contains(Int(rank)) else { throw .misuse("\(rank) is no number of axes") }
    return withUnsafeBytes(of: shape) { $0.withMemoryRebound(to: Int64.self) { $0.prefix(Int(rank)).map { Int($0) } } }
  }

  /// Type and shape are set; false for more axes than there is room for.
  mutating func describe(_ type: DType, _ extents: [Int]) -> Bool {
    guard extents.count <= LATHE_MAXIMUM_RANK else { return false }
    dtype = lathe_dtype(UInt32(type.rawValue))
    rank = Int32(extents.count)
    withUnsafeMutableBytes(of: &shape) { bytes in
      bytes.withMemoryRebound(to: Int64.self) { for (axis, extent) in extents.enumerated() { $0[axis] = Int64(extent) } }
    }
    return true
  }
}

/// Whoever owns what C lends for a call.
private final class Borrowed: Sendable {
  static let owner = Borrowed()
}

extension lathe_port {
  /// - Throws: for more axes than there is room for.
  init(_ port: ModelInterface.Port, name: UnsafePointer<CChar>?) throws(Diagnostic) {
    self.init()
    self.name = name
    dtype = lathe_dtype(port.type.map { UInt32($0.dtype.rawValue) } ?? 0)
    rank = port.type?.shape.map { Int32($0.count) } ?? -1
    guard let extents = port.type?.shape else { return }
    guard extents.count <= LATHE_MAXIMUM_RANK else { throw .misuse("\(port.name) has \(extents.count) axes") }
    withUnsafeMutableBytes(of: &shape) { bytes in
      bytes.withMemoryRebound(to: Int64.self) { for (axis, extent) in extents.enumerated() { $0[axis] = Int64(extent.known ?? -1) } }
    }
  }
}

extension Tensor {
  /// The tensor, copied if it lies in the memory of one of the others.
  func detached(from others: [Tensor]) throws(Diagnostic) -> Tensor {
    let isShared = others.contains { other in
      other.withBytes { borrowed in
        withBytes { own in
          guard let start = own.baseAddress, let first = borrowed.baseAddress else { return false }
          return start >= first && start < first + borrowed.count
        }
      }
    }
    return isShared ? try copied() : self
  }
}
