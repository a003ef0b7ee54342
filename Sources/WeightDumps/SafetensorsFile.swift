import LatheDiagnostics
import LatheFiles
import LatheJSON
import LatheTensors
import OrderedCollections

/// Reads safetensors files: eight bytes of length, a JSON header, and the tensors' bytes, which stay in the mapped file.
enum SafetensorsFile {
  /// More than the format allows a header.
  private static let maximumHeaderBytes = 100_000_000

  /// The tensors of the file, in the order of the header.
  ///
  /// - Throws: `safetensors/…`, and `json/…` for a header that is no JSON.
  static func read(_ file: MappedFile, limits: ResourceLimits) throws(Diagnostic) -> OrderedDictionary<String, Tensor> {
    do throws(Diagnostic) {
      let (header, data) = try parts(file.bytes)
      let text = UnsafeRawBufferPointer(rebasing: file.bytes[8..<data])
      guard DumpReader.isObject(text) else {
        throw .invalid("safetensors/header", "the header of \(header) bytes is no JSON object")
      }
      let reader = Reader(file: file, data: data, limits: limits)
      var tensors: OrderedDictionary<String, Tensor> = [:]
      var ranges: [(Range<Int>, name: String)] = []
      var cursor = JSONCursor(text, file: file.path, limits: limits)
      try cursor.object { (cursor, name) throws(Diagnostic) in
        let entry = try cursor.value()
        guard name != "__metadata__" else { return }
        try limits.checkTensors(tensors.count + 1)
        let (tensor, range) = try reader.tensor(name, entry)
        tensors[name] = tensor
        ranges.append((range, name))
      }
      try cursor.end()
      try checkCoverage(ranges, of: file.bytes.count - data)
      return tensors
    } catch {
      throw error.located(in: Location(file: file.path))
    }
  }

  /// The header's length, and where the tensors' bytes start.
  private static func parts(_ bytes: UnsafeRawBufferPointer) throws(Diagnostic) -> (header: Int, data: Int) {
    guard bytes.count >= 8 else {
      throw .invalid(
        "safetensors/truncated", "the file has \(bytes.count) bytes, fewer than the length of its header takes")
    }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(maximumHeaderBytes), Int(length) <= bytes.count - 8 else {
      throw .invalid(
        "safetensors/header-length", "the header should have \(length) bytes, but the file has \(bytes.count) in all",
        at: Location(byteOffset: 0), fix: "fetch the file again; it may be cut off, or no safetensors file")
    }
    return (Int(length), 8 + Int(length))
  }

  /// Every byte behind the header belongs to exactly one tensor.
  private static func checkCoverage(_ ranges: [(Range<Int>, name: String)], of count: Int) throws(Diagnostic) {
    var end = 0
    for (range, name) in ranges.sorted(by: { ($0.0.lowerBound, $0.0.upperBound) < ($1.0.lowerBound, $1.0.upperBound) })
    {
      guard range.lowerBound == end else {
        throw .invalid(
          "safetensors/layout",
          "the tensor starts at byte \(range.lowerBound) of the data, but the one before ends at \(end)",
          at: Location(value: name), fix: "save the checkpoint again")
      }
      end = range.upperBound
    }
    guard end == count else {
      throw .invalid(
        "safetensors/layout", "the tensors take \(end) bytes, but \(count) stand behind the header",
        fix: "fetch the file again; it may be cut off")
    }
  }

  private struct Reader {
    let file: MappedFile
    let data: Int
    let limits: ResourceLimits

    func tensor(_ name: String, _ entry: JSONValue) throws(Diagnostic) -> (Tensor, Range<Int>) {
      let place = Location(value: name)
      guard let dtypeName = entry["dtype"]?.stringValue, let shape = entry["shape"]?.extents,
        let offsets = entry["data_offsets"]?.extents, offsets.count == 2
      else {
        throw .invalid(
          "safetensors/entry", "the header's entry is not dtype, shape and two data_offsets", at: place,
          fix: "save the checkpoint again")
      }
      guard let dtype = ElementTypeName.type(dtypeName) else {
        throw .invalid("safetensors/dtype", "the element type \(dtypeName.debugDescription) is not known", at: place)
      }
      let available = file.bytes.count - data
      do throws(Diagnostic) {
        guard let bytes = dtype.byteCount(of: try Tensor.elementCount(of: shape)), bytes <= limits.tensorBytes else {
          throw limits.exceeded("tensor-bytes", "a tensor of \(dtype)\(shape) is asked for")
        }
        guard offsets[0] <= offsets[1], offsets[1] <= available, offsets[1] - offsets[0] == bytes else {
          throw .invalid(
            "safetensors/offsets",
            "\(dtype)\(shape) needs \(bytes) bytes, but is said to be at \(offsets[0])..<\(offsets[1]) of \(available)",
            fix: "fetch the file again; it may be cut off")
        }
        let range = data + offsets[0]..<data + offsets[1]
        let storage = TensorStorage(bytes: UnsafeRawBufferPointer(rebasing: file.bytes[range]), owner: file)
        return (try Tensor(dtype: dtype, shape: shape, storage: storage), offsets[0]..<offsets[1])
      } catch {
        throw error.located(in: place)
      }
    }
  }
}

extension JSONValue {
  /// The elements of an array of whole numbers that are not negative; nil for anything else.
  var extents: [Int]? {
    guard let elements = arrayValue else { return nil }
    let numbers = elements.compactMap { $0.intValue }.filter { $0 >= 0 }
    return numbers.count == elements.count ? numbers : nil
  }
}
