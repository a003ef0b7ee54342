import Foundation
import LatheDiagnostics
import LatheSamples
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct NPZWriterTests {
  /// Every bit pattern that a type's values may have, as far as they fit one byte; or random bytes.
  private func tensor(_ dtype: DType, _ random: inout SeededGenerator) throws -> Tensor {
    if dtype == .string { return try Tensor(strings: ["", "a\0b", "häß", "日本", "🙂", "x"], shape: [3, 2]) }
    if dtype.bitWidth <= 8, dtype != .bool {
      let count = 1 << dtype.bitWidth
      let codes = PackedElements.pack((0..<count).map { UInt8($0) }, bitWidth: dtype.bitWidth)
      return try Tensor(dtype: dtype, shape: [2, count / 2]) { $0.copyBytes(from: codes) }
    }
    return try Tensor(dtype: dtype, shape: [5, 7]) { target in
      for index in target.indices {
        target[index] = dtype == .bool ? UInt8(index % 2) : UInt8.random(in: 0...255, using: &random)
      }
    }
  }

  private func isSame(_ a: Tensor, _ b: Tensor) -> Bool {
    guard a != b else { return true }
    guard a.dtype == b.dtype, a.shape == b.shape, let left = a.doubles(), let right = b.doubles() else { return false }
    return zip(left, right).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
  }

  @Test func everyTypeComesBack() throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 4)
    var arrays: [NamedTensor] = []
    var ports: [ModelInterface.Port] = []
    for dtype in DType.allCases {
      let tensor = try tensor(dtype, &random)
      arrays.append(NamedTensor("/out/\(dtype).npy", tensor))
      ports.append(ModelInterface.Port(name: "/out/\(dtype).npy", type: TensorType(of: tensor)))
    }
    arrays.append(NamedTensor("scalar", try Tensor.scalar(Float(1.5))))
    arrays.append(NamedTensor("none", try Tensor([Int64](), shape: [0, 4])))
    for array in arrays.suffix(2) {
      ports.append(ModelInterface.Port(name: array.name, type: TensorType(of: array.tensor)))
    }
    let path = "\(folder.path)/out.npz"
    try NPZWriter.write(arrays, to: path)
    let set = try SampleReader.read(path: path, for: ModelInterface(inputs: ports))
    for array in arrays {
      let back = try #require(set.feeds[0].inputs[array.name])
      #expect(isSame(back, array.tensor), "\(array.name)")
    }
    #expect(folder.names == ["out.npz"])
  }

  @Test func theSameArraysGiveTheSameBytes() throws {
    let folder = try TemporaryFolder()
    let arrays = [
      NamedTensor("b", try Tensor([Float(1)], shape: [1])), NamedTensor("a", try Tensor(strings: ["x"], shape: [])),
    ]
    try NPZWriter.write(arrays, to: "\(folder.path)/1.npz")
    Thread.sleep(forTimeInterval: 2.1)
    _ = try folder.write("2.npz", Array("something else".utf8))
    try NPZWriter.write(arrays, to: "\(folder.path)/2.npz")
    let written = try bytes(of: "\(folder.path)/1.npz")
    #expect(try written == bytes(of: "\(folder.path)/2.npz"))
    #expect(folder.names == ["1.npz", "2.npz"])
    // Entries stand in the order given, dated 1980-01-01.
    #expect(Array(written[10..<14]) == [0, 0, 0x21, 0])
    #expect(Array(written[30..<35]) == Array("b.npy".utf8))
  }

  @Test func typesThatNumpyLacksStayExact() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/x.npz"
    try NPZWriter.write([NamedTensor("x", try Tensor([Float(1), 0.1], shape: [2]))], to: path)
    #expect(refusal(path, interface(["x": TensorType(.bfloat16, [2])]))?.id == "samples/inexact")
    try NPZWriter.write([NamedTensor("x", try Tensor([Int8(7), 8], shape: [2]))], to: path)
    #expect(refusal(path, interface(["x": TensorType(.int4, [2])]))?.id == "samples/inexact")
    #expect(refusal(path, interface(["x": TensorType(.uint4, [2])]))?.id == "samples/dtype")
  }

  @Test func failuresLeaveNothingBehind() throws {
    let folder = try TemporaryFolder()
    let x = NamedTensor("x", try Tensor([Float(1)], shape: [1]))
    for path in ["\(folder.path)/none/x.npz", folder.path, "/dev/null", "", "/proc/x.npz"] {
      let diagnostic = try #require(throws: Diagnostic.self) { try NPZWriter.write([x], to: path) }
      #expect(diagnostic.category == .unwritableOutput, "\(path)")
    }
    let kept = try folder.write("kept.npz", [1, 2, 3])
    let bad = [x, NamedTensor("s", try Tensor(strings: ["a\0"], shape: [1]))]
    #expect(throws: Diagnostic.self) { try NPZWriter.write(bad, to: kept) }
    #expect(throws: Diagnostic.self) { try NPZWriter.write([x, x], to: kept) }
    #expect(throws: Diagnostic.self) { try NPZWriter.write([NamedTensor("a\0", x.tensor)], to: kept) }
    #expect(throws: Diagnostic.self) { try NPZWriter.write([], to: kept) }
    #expect(try bytes(of: kept) == [1, 2, 3] && folder.names == ["kept.npz"])
  }

  @Test func longStringsMeetTheLimit() throws {
    let folder = try TemporaryFolder()
    var limits = ResourceLimits()
    limits.tensorBytes = 4000
    let strings = NamedTensor("s", try Tensor(strings: [String(repeating: "x", count: 501), "a"], shape: [2]))
    let diagnostic = try #require(throws: Diagnostic.self) {
      try NPZWriter.write([strings], to: "\(folder.path)/x.npz", limits: limits)
    }
    #expect(diagnostic.id == "limit/tensor-bytes" && folder.names.isEmpty)
  }
}
