import LatheDiagnostics

extension Tensor {
  /// The tensor with the entries at the given places of an axis only, in the order given.
  ///
  /// Works on every type, packed ones and strings included; only what stays is read.
  ///
  /// - Throws: `tensor/axis` if there is no such axis, or no such place on it.
  public func keeping(_ places: [Int], along axis: Int) throws(Diagnostic) -> Tensor {
    guard shape.indices.contains(axis), places.allSatisfy({ $0 >= 0 && $0 < shape[axis] }) else {
      throw .invalid("tensor/axis", "the places to be kept are not on axis \(axis) of \(dtype)\(shape)")
    }
    guard places != Array(0..<shape[axis]) else { return self }
    var kept = shape
    kept[axis] = places.count
    let extent = shape[axis]
    let (outer, inner) = (shape[..<axis].reduce(1, *), shape[(axis + 1)...].reduce(1, *))
    // Runs of neighbours are copied at once.
    let runs = places.reduce(into: [Range<Int>]()) { runs, place in
      if let last = runs.last, last.upperBound == place {
        runs[runs.count - 1] = last.lowerBound..<place + 1
      } else {
        runs.append(place..<place + 1)
      }
    }
    let pieces = (0..<outer).lazy.flatMap { row in runs.lazy.map { (row * extent + $0.lowerBound) * inner..<(row * extent + $0.upperBound) * inner } }
    if let strings { return try Tensor(strings: pieces.flatMap { strings[$0] }, shape: kept) }
    guard !dtype.isPacked else { return try packed(pieces, shape: kept) }
    let width = dtype.bitWidth / 8
    return try Tensor(dtype: dtype, shape: kept) { target in
      withBytes { source in
        var next = 0
        for piece in pieces {
          let bytes = UnsafeRawBufferPointer(rebasing: source[piece.lowerBound * width..<piece.upperBound * width])
          UnsafeMutableRawBufferPointer(rebasing: target[next..<next + bytes.count]).copyMemory(from: bytes)
          next += bytes.count
        }
      }
    }
  }

  /// Elements of under 8 bits, packed anew.
  private func packed(_ pieces: some Sequence<Range<Int>>, shape: [Int]) throws(Diagnostic) -> Tensor {
    let codes = codes ?? []
    let bytes = PackedElements.pack(pieces.flatMap { codes[$0] }, bitWidth: dtype.bitWidth)
    return try Tensor(dtype: dtype, shape: shape) { $0.copyBytes(from: bytes) }
  }
}
