import LatheDiagnostics
import LatheTensors

/// Turns the bytes of an .npy file into a tensor in row-major, little-endian order.
enum NPYDecoder {
  /// The array that `source` holds from here to its end, in the type that `fit` wants.
  ///
  /// - Throws: `npy/…` for malformed bytes; `samples/…` for a type or shape that does not fit and `limit/tensor-bytes`, both
  ///   before the elements are read.
  static func tensor(
    from source: inout some ByteSource, fit: InputFit, limits: ResourceLimits
  ) throws(Diagnostic) -> Tensor {
    let header = try NPYHeader(from: &source)
    try fit.checkArray(header.type.dtype, header.shape)
    guard header.dataBytes <= source.remaining else {
      throw type(of: source).truncated("its elements", needed: header.dataBytes, left: source.remaining)
    }
    guard header.dataBytes == source.remaining else {
      throw type(of: source).trailing(source.remaining - header.dataBytes)
    }
    try check(header, limits)
    let tensor: Tensor
    switch header.type.kind {
    case .plain(let dtype): tensor = try plain(dtype, header, &source)
    case .unicode, .bytes: tensor = try strings(header, &source)
    }
    try source.finish()
    return try fit.converted(tensor)
  }

  private static func check(_ header: NPYHeader, _ limits: ResourceLimits) throws(Diagnostic) {
    var bytes = header.dataBytes
    if header.type.dtype == .string {
      let (headers, overflow) = header.elementCount.multipliedReportingOverflow(by: MemoryLayout<String>.size)
      bytes = overflow ? Int.max : max(bytes, headers)
    }
    guard bytes <= limits.tensorBytes else {
      throw limits.exceeded("tensor-bytes", "the array of shape \(header.shape) takes \(bytes) bytes")
    }
  }

  private static func plain(
    _ dtype: DType, _ header: NPYHeader, _ source: inout some ByteSource
  ) throws(Diagnostic) -> Tensor {
    let isReordered = header.isColumnMajor && header.shape.count > 1 && header.elementCount > 1
    let unit = dtype == .complex64 ? 4 : dtype == .complex128 ? 8 : header.type.itemSize
    let isSwapped = header.type.isBigEndian && unit > 1
    if !isReordered, !isSwapped, let (storage, offset) = source.view(header.dataBytes) {
      return try Tensor(dtype: dtype, shape: header.shape, storage: storage, byteOffset: offset)
    }
    var storage = try TensorStorage(byteCount: header.dataBytes) { (target) throws(Diagnostic) in
      try source.fill(target, with: "its elements")
      if isSwapped { swapBytes(of: target, unit: unit) }
    }
    if isReordered {
      let columns = storage
      storage = try TensorStorage(byteCount: header.dataBytes) { (target) throws(Diagnostic) in
        reorder(columns.bytes, into: target, shape: header.shape, itemSize: header.type.itemSize)
      }
    }
    return try Tensor(dtype: dtype, shape: header.shape, storage: storage)
  }

  private static func swapBytes(of target: UnsafeMutableRawBufferPointer, unit: Int) {
    for start in stride(from: 0, to: target.count - target.count % unit, by: unit) {
      target[start..<start + unit].reverse()
    }
  }

  private static func reorder(
    _ columns: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, shape: [Int], itemSize: Int
  ) {
    guard let from = columns.baseAddress, let to = target.baseAddress else { return }
    var written = 0
    forEachRowMajorPosition(of: shape) { position in
      (to + written).copyMemory(from: from + position * itemSize, byteCount: itemSize)
      written += itemSize
    }
  }

  /// For each element in row-major order, calls `body` with its position in column-major order.
  private static func forEachRowMajorPosition(of shape: [Int], _ body: (Int) -> Void) {
    guard !shape.contains(0) else { return }
    var strides: [Int] = []
    var stride = 1
    for extent in shape {
      strides.append(stride)
      stride *= extent
    }
    var index = [Int](repeating: 0, count: shape.count)
    var position = 0
    while true {
      body(position)
      var axis = shape.count - 1
      while axis >= 0, index[axis] == shape[axis] - 1 {
        position -= index[axis] * strides[axis]
        index[axis] = 0
        axis -= 1
      }
      guard axis >= 0 else { return }
      index[axis] += 1
      position += strides[axis]
    }
  }
}

// Strings.
extension NPYDecoder {
  private static func strings(_ header: NPYHeader, _ source: inout some ByteSource) throws(Diagnostic) -> Tensor {
    let size = header.type.itemSize
    var strings: [String] = []
    strings.reserveCapacity(min(header.elementCount, 1 << 16))
    let chunk = max(1, (1 << 20) / max(size, 1))
    while strings.count < header.elementCount {
      let count = min(chunk, header.elementCount - strings.count)
      let bytes = try source.bytes(count * size, of: "its strings")
      for index in 0..<count {
        let item = bytes[index * size..<(index + 1) * size]
        guard let string = header.type.kind == .unicode ? unicode(item, header.type.isBigEndian) : utf8(item) else {
          throw .invalid(
            "npy/string", "string \(strings.count) of the array is not valid Unicode",
            fix: "save the array as numpy.str_ (U), or as UTF-8 bytes (S)")
        }
        strings.append(string)
      }
    }
    if header.isColumnMajor, header.shape.count > 1 {
      let columns = strings
      strings.removeAll(keepingCapacity: true)
      forEachRowMajorPosition(of: header.shape) { strings.append(columns[$0]) }
    }
    return try Tensor(strings: strings, shape: header.shape)
  }

  private static func utf8(_ item: ArraySlice<UInt8>) -> String? {
    let end = item.lastIndex { $0 != 0 }.map { $0 + 1 } ?? item.startIndex
    return String(validating: item[..<end], as: UTF8.self)
  }

  private static func unicode(_ item: ArraySlice<UInt8>, _ isBigEndian: Bool) -> String? {
    var scalars = String.UnicodeScalarView()
    var zeros = 0
    for start in stride(from: item.startIndex, to: item.endIndex, by: 4) {
      var value: UInt32 = 0
      for byte in 0..<4 { value |= UInt32(item[start + byte]) << UInt32(8 * (isBigEndian ? 3 - byte : byte)) }
      guard value != 0 else {
        zeros += 1
        continue
      }
      guard let scalar = Unicode.Scalar(value) else { return nil }
      for _ in 0..<zeros { scalars.append("\0") }
      zeros = 0
      scalars.append(scalar)
    }
    return String(scalars)
  }
}
