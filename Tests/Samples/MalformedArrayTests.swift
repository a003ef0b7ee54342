import LatheDiagnostics
import LatheSamples
import LatheTensors
import LatheTestSupport
import Testing

@Suite struct MalformedArrayTests {
  private let any = interface(["x": TensorType(.int64, nil)])

  @Test(arguments: ["cube-1.npy", "cube-2.npy", "cube-columns.npy"])
  func everyTruncationIsRefused(file: String) throws {
    let folder = try TemporaryFolder()
    let whole = try bytes(of: dataPath(file))
    for length in 0..<whole.count {
      let diagnostic = try #require(refusal(try folder.write("x.npy", whole[..<length]), any))
      #expect(diagnostic.category == .invalidInput && diagnostic.location.file != nil)
    }
    #expect(refusal(try folder.write("x.npy", whole + [0]), any)?.id == "npy/trailing-bytes")
  }

  @Test(arguments: ["little.npz", "deflated.npz"])
  func everyTruncatedZipIsRefused(file: String) throws {
    let folder = try TemporaryFolder()
    let whole = try bytes(of: dataPath(file))
    for length in 0..<whole.count {
      let diagnostic = refusal(try folder.write("x.npz", whole[..<length]), interface(ArrayReadingTests.names))
      #expect(diagnostic?.category == .invalidInput)
    }
  }

  @Test func flippedBitsAreRefusedOrHarmless() throws {
    let folder = try TemporaryFolder()
    let port = interface(ArrayReadingTests.names)
    var random = SeededGenerator(seed: 1)
    for file in ["little.npz", "deflated.npz", "big-columns.npz"] {
      let whole = try bytes(of: dataPath(file))
      let expected = try SampleReader.read(path: dataPath(file), for: port).feeds[0].inputs
      var refused = 0
      for _ in 0..<600 {
        var damaged = whole
        damaged[Int.random(in: 0..<whole.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        let path = try folder.write("x.npz", damaged)
        guard refusal(path, port) == nil else {
          refused += 1
          continue
        }
        #expect(try SampleReader.read(path: path, for: port).feeds[0].inputs == expected)
      }
      #expect(refused > 200, "the checksums see damage in the elements of \(file)")
    }
  }

  @Test func flippedBitsInArraysNeverCrash() throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 2)
    for file in ["cube-1.npy", "cube-columns.npy"] {
      let whole = try bytes(of: dataPath(file))
      for _ in 0..<1500 {
        var damaged = whole
        damaged[Int.random(in: 0..<130, using: &random)] = UInt8.random(in: 0...255, using: &random)
        let diagnostic = refusal(try folder.write("x.npy", damaged), any)
        #expect(diagnostic == nil || diagnostic?.category == .invalidInput)
      }
    }
  }

  static let headers: [(header: String, id: String)] = [
    ("{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }", ""),
    ("{\"descr\": \"=i8\", \"fortran_order\": False, \"shape\": [3]}", ""),
    ("{'descr': '<i8', 'fortran_order': True, 'shape': (3L,)}", ""),
    ("{'descr': '<i8', 'fortran_order': False, 'shape': (4,)}", "npy/truncated"),
    ("{'descr': '<i8', 'fortran_order': False, 'shape': (2,)}", "npy/trailing-bytes"),
    ("{'descr': '<i8', 'fortran_order': False, 'shape': (1000000000000,)}", "npy/truncated"),
    ("{'descr': '<i8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", "tensor/shape"),
    ("{'descr': '<i8', 'fortran_order': False, 'shape': (2305843009213693952,)}", "npy/header"),
    ("{'descr': '<i8', 'fortran_order': False, 'shape': (99999999999999999999,)}", "npy/header"),
    ("{'descr': '<i8', 'fortran_order': False, 'shape': (-3,)}", "npy/header"),
    ("{'descr': '<i8', 'fortran_order': False, 'shape': ('3',)}", "npy/header"),
    ("{'descr': '<i8', 'fortran_order': False, 'shape': 3}", "npy/header"),
    ("{'descr': '<i8', 'fortran_order': False}", "npy/header"),
    ("{'descr': '<i8', 'fortran_order': 0, 'shape': (3,)}", "npy/header"),
    ("{'descr': '<i8', 'descr': '<i8', 'fortran_order': False, 'shape': (3,)}", "npy/header"),
    ("{'descr': '<i8', 'fortran_order': False, 'shape': (3,)} + 1", "npy/header"),
    ("{'descr': '<i8', 'fortran_order': False, 'shape': ((((((((((3,)))))))))}", "npy/header"),
    ("{'descr': '<i8\\x00', 'fortran_order': False, 'shape': (3,)}", "npy/header"),
    ("{'descr': '<i', 'fortran_order': False, 'shape': (3,)}", "npy/dtype"),
    ("{'descr': '<i9', 'fortran_order': False, 'shape': (3,)}", "npy/dtype"),
    ("{'descr': '', 'fortran_order': False, 'shape': (3,)}", "npy/dtype"),
    ("{'descr': 'i8', 'fortran_order': False, 'shape': (3,)}", "npy/dtype"),
    ("{'descr': '<U9223372036854775807', 'fortran_order': False, 'shape': (3,)}", "npy/dtype"),
    ("{'descr': '<é', 'fortran_order': False, 'shape': (3,)}", "npy/dtype"),
    ("", "npy/header"), ("{", "npy/header"), ("((((((((((((((((", "npy/header"), ("'", "npy/header"),
  ]

  @Test(arguments: headers)
  func headersThatLieAreRefused(header: String, id: String) throws {
    let folder = try TemporaryFolder()
    let text = Array(header.utf8)
    let file = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count), 0] + text + [UInt8](repeating: 0, count: 24)
    #expect(refusal(try folder.write("x.npy", file), any)?.id ?? "" == id)
  }

  @Test func stringsThatTakeNothingAreRefused() throws {
    let folder = try TemporaryFolder()
    let text = Array("{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000000,)}".utf8)
    let file = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count), 0] + text
    #expect(refusal(try folder.write("x.npy", file), interface(["x": TensorType(.string, nil)]))?.id == "npy/header")
  }

  @Test func aZipThatPromisesMoreThanItHoldsIsRefused() throws {
    let folder = try TemporaryFolder()
    var damaged = try bytes(of: dataPath("zeros.npz"))
    // The directory's entry: signature, then the compressed and the inflated size 20 and 24 bytes on.
    let signature: [UInt8] = [0x50, 0x4B, 1, 2]
    let start = try #require((0..<damaged.count - 4).last { Array(damaged[$0..<$0 + 4]) == signature })
    damaged.replaceSubrange(start + 24..<start + 28, with: [0, 0, 0, 0xF0])
    let floats = interface(["x": TensorType(.float32, nil)])
    #expect(refusal(try folder.write("x.npz", damaged), floats)?.id == "npz/entry")
  }
}
