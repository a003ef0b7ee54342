import Foundation
import LatheDiagnostics
import LatheFiles
import LatheTensors
import Testing

@Suite struct TensorTests {
  @Test func everyTypeHasANameAndASize() {
    #expect(Set(DType.allCases.map(\.name)).count == DType.allCases.count)
    for dtype in DType.allCases {
      #expect(DType(name: dtype.name) == dtype)
      #expect(dtype.bitWidth > 0 || dtype == .string)
    }
    #expect(DType.float6e2m3.byteCount(of: 5) == 4)
    #expect(DType.int2.byteCount(of: 5) == 2)
    #expect(DType.float64.byteCount(of: Int.max / 8) == nil)
  }

  @Test(arguments: [2, 4, 6]) func packedElementsRoundTrip(_ bitWidth: Int) {
    for count in 0..<23 {
      let codes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + 11) & UInt8((1 << bitWidth) - 1) }
      let packed = PackedElements.pack(codes, bitWidth: bitWidth)
      #expect(packed.count == (count * bitWidth + 7) / 8)
      #expect(packed.withUnsafeBytes { PackedElements.unpack($0, bitWidth: bitWidth, count: count) } == codes)
    }
  }

  @Test func sixBitsFollowTheSpecificationsLayout() {
    let packed = PackedElements.pack([0x01, 0x02, 0x03, 0x04], bitWidth: 6)
    // byte 0: x0 and the low 2 bits of x1; byte 1: the rest of x1 and the low 4 bits of x2; byte 2: the rest of x2 and x3
    let expected: [UInt8] = [0x81, 0x30, 0x10]
    #expect(packed == expected)
  }

  @Test func wrongShapesAreRefused() {
    #expect(throws: Diagnostic.self) { try Tensor([1, 2, 3] as [Float], shape: [2]) }
    #expect(throws: Diagnostic.self) { try Tensor.elementCount(of: [-1]) }
    #expect(throws: Diagnostic.self) { try Tensor.elementCount(of: [Int.max, 2]) }
    #expect(throws: Diagnostic.self) { try Tensor([1, 2] as [Float], shape: [2]).reshaped(to: [3]) }
    #expect((try? Tensor.elementCount(of: [Int.max, 1, 0])) == 0)
  }

  @Test func misalignedAndUncleanBytesAreCopied() throws {
    let storage = try TensorStorage(byteCount: 32) { bytes in for index in bytes.indices { bytes[index] = UInt8(index) }
    }
    let aligned = try Tensor(dtype: .float32, shape: [2], storage: storage, byteOffset: 4)
    #expect(aligned.storage?.0 === storage)
    let misaligned = try Tensor(dtype: .int32, shape: [2], storage: storage, byteOffset: 3)
    #expect(misaligned.storage?.0 !== storage)
    #expect(misaligned.elements(as: Int32.self) == [0x0605_0403, 0x0A09_0807])
    let truths = try Tensor(dtype: .bool, shape: [3], storage: storage, byteOffset: 0)
    #expect(truths.elements(as: Bool.self) == [false, true, true])
    #expect(throws: Diagnostic.self) { try Tensor(dtype: .float32, shape: [9], storage: storage) }
    #expect(throws: Diagnostic.self) { try Tensor(dtype: .float32, shape: [1], storage: storage, byteOffset: 33) }
  }

  @Test func layoutsBroadcastPermuteAndStep() throws {
    let tensor = try Tensor(Array(0..<6).map(Float.init), shape: [2, 3])
    let transposed = StridedLayout(contiguous: [2, 3]).permuted([1, 0])
    #expect(try tensor.gathered(by: transposed).elements(as: Float.self) == [0, 3, 1, 4, 2, 5])
    let backwards = StridedLayout(shape: [3], strides: [-2], offset: 4)
    #expect(try tensor.gathered(by: backwards).elements(as: Float.self) == [4, 2, 0])
    let row = try Tensor([7, 8, 9] as [Int64], shape: [3])
    let broadcast = try #require(StridedLayout(broadcasting: [3], to: [2, 3]))
    #expect(try row.gathered(by: broadcast).elements(as: Int64.self) == [7, 8, 9, 7, 8, 9])
    #expect(StridedLayout(broadcasting: [2], to: [3]) == nil)
    #expect(StridedLayout.broadcast([[4, 1], [3], []]) == [4, 3])
    #expect(StridedLayout.broadcast([[2], [3]]) == nil)
    #expect(throws: Diagnostic.self) { try tensor.gathered(by: StridedLayout(shape: [4], strides: [2])) }
  }

  @Test func gatheringWorksOnPackedElementsAndStrings() throws {
    let reverse = StridedLayout(shape: [3], strides: [-1], offset: 2)
    let packed = try Tensor(dtype: .int4, shape: [3]) { $0.copyBytes(from: [0x21, 0x0F]) }
    #expect(try packed.gathered(by: reverse).doubles() == [-1, 2, 1])
    let strings = try Tensor(strings: ["a", "b", "c"], shape: [3])
    #expect(try strings.gathered(by: reverse).strings == ["c", "b", "a"])
  }

  @Test func equalityIsOfBits() throws {
    #expect(try Tensor([Float.nan], shape: [1]) == Tensor([Float.nan], shape: [1]))
    #expect(try Tensor([0.0 as Float], shape: [1]) != Tensor([-0.0 as Float], shape: [1]))
    #expect(try Tensor([1 as Int32], shape: [1]).fingerprint != Tensor([1 as Int32], shape: []).fingerprint)
  }

  @Test func mappingRefusesWhatIsNoFile() throws {
    let missing = #expect(throws: Diagnostic.self) { try MappedFile(path: "/nonexistent/file") }
    #expect(missing?.category == .missingInput)
    let folder = #expect(throws: Diagnostic.self) { try MappedFile(path: NSTemporaryDirectory()) }
    #expect(folder?.id == "file/not-regular")
    #expect(throws: Diagnostic.self) { try MappedFile(path: "/dev/zero") }
  }

  @Test func countsBesideAZeroAreCheckedToo() throws {
    #expect(try Tensor.elementCount(of: [0, 1 << 62]) == 0)
    let overflow = #expect(throws: Diagnostic.self) { try Tensor.elementCount(of: [0, 1 << 62, 1 << 62]) }
    #expect(overflow?.id == "tensor/shape")
    let rank = #expect(throws: Diagnostic.self) {
      try Tensor.elementCount(of: Array(repeating: 1, count: Tensor.maximumRank + 1))
    }
    #expect(rank?.id == "tensor/rank")
  }
}
